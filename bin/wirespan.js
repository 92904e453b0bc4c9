#!/usr/bin/env node
import module from "node:module";

// from Node 22.8: compiled code is kept between starts
module.enableCompileCache?.();
try {
  await import("../dist/cli/main.js");
} catch (error) {
  if (error?.code !== "ERR_MODULE_NOT_FOUND" || !String(error.message).includes("dist/cli/main.js")) throw error;
  console.error("wirespan is not built: run npm run build first");
  process.exitCode = 2;
}
