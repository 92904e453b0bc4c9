import { resolve } from "node:path";
import { fileFailure } from "../../diagnostics/index.js";
import { initProject } from "../../scaffold/index.js";
import { exitCodes, type ExitCode } from "../exit-codes.js";
import type { Io } from "../io.js";
import { noSources, shownFrom, type Terminal } from "../output.js";

/** `wirespan init`: a starter project that generates as it is. */
export async function initCommand(io: Io, terminal: Terminal, folder: string): Promise<ExitCode> {
  const target = resolve(io.cwd, folder);
  try {
    const { created, kept } = await initProject(target);
    for (const path of created) terminal.data(`created ${shownFrom(io.cwd, resolve(target, path))}`);
    for (const path of kept) terminal.data(`kept    ${shownFrom(io.cwd, resolve(target, path))}`);
    const steps = folder === "." ? [] : [`cd ${folder}`];
    steps.push("npm install --save-dev wirespan", "npm install @wirespan/runtime @grpc/grpc-js", "npx wirespan");
    terminal.progress(`\nNext:\n${steps.map((step) => `  ${step}`).join("\n")}`);
    terminal.document({ ok: true, exitCode: exitCodes.ok, created, kept });
    return exitCodes.ok;
  } catch (error) {
    const failure = fileFailure(error);
    if (failure === undefined) throw error;
    terminal.diagnostics([failure], noSources);
    const code = terminal.exitCode([failure]);
    terminal.document({ ok: false, exitCode: code });
    return code;
  }
}
