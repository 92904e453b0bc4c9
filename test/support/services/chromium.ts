import { existsSync } from "node:fs";
import type { ProgramKind } from "./kind.js";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** A browser without a window. `CHROMIUM` names one elsewhere. */
export const chromium: ProgramKind = {
  id: "chromium",
  title: "Chromium",
  variables: ["CHROMIUM"],
  packages: ["chromium"],
  findBinary: () => [process.env["CHROMIUM"] ?? "", ...places].find((path) => existsSync(path)),
};

/** What it takes to run in a container, and to call nobody. */
export const chromiumFlags: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
