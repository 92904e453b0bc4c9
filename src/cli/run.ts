import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { diagnostic, hasErrors, type Diagnostic } from "../diagnostics/index.js";
import { toolVersion } from "../version.js";
import { exitCodes, type ExitCode } from "./exit-codes.js";
import { addFlags, addGlobalFlags, readFlags, valueFlags, type Flags } from "./flags.js";
import { internalError } from "./internal-error.js";
import type { Io } from "./io.js";
import { createTerminal, noSources, type Terminal } from "./output.js";
import { commandOf, missingValue, unknownCommand, usageDiagnostic } from "./usage.js";

type Action = (terminal: Terminal) => Promise<ExitCode>;

/**
 * Runs one command line, without the words `node` and `wirespan`; resolves to its exit code. Never throws: what the
 * user did wrong is a diagnostic, what we did wrong a report on stderr.
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  let action:
    | { readonly command: string; readonly raw: object; readonly inputs: readonly string[]; readonly run: Action }
    | undefined;
  const program = buildProgram(io, (command, raw, inputs, run) => (action = { command, raw, inputs, run }));
  const words = commandFirst(argv, program);

  const usage = (found: Diagnostic): ExitCode => {
    const terminal = createTerminal(io, commandOf(words, program).name(), flagsForUsage(argv));
    terminal.diagnostics([found], noSources);
    terminal.document({ ok: false, exitCode: exitCodes.usage });
    return exitCodes.usage;
  };
  const wrong = missingValue(words) ?? unknownCommand(words, program, (path) => existsSync(resolve(io.cwd, path)));
  if (wrong !== undefined) return usage(wrong);
  try {
    program.parse([...words], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) return internalError(io, argv, error);
    return error.exitCode === 0 ? exitCodes.ok : usage(usageDiagnostic(error, words, program));
  }
  if (action === undefined) return exitCodes.ok;

  const found: Diagnostic[] = [];
  const flags = readFlags({ ...action.raw }, action.inputs, (one) => found.push(one));
  const terminal = createTerminal(io, action.command, flags);
  if (flags.watch && (flags.check || flags.dryRun)) {
    const problem = `--watch excludes ${flags.check ? "--check" : "--dry-run"}`;
    found.push(diagnostic("E5010", undefined, { command: `wirespan ${action.command}`, problem }));
  }
  if (hasErrors(found)) {
    terminal.diagnostics(found, noSources);
    terminal.document({ ok: false, exitCode: exitCodes.usage });
    return exitCodes.usage;
  }
  try {
    const code = await action.run(terminal);
    return io.signal.aborted ? exitCodes.interrupted : code;
  } catch (error) {
    if (!io.signal.aborted) return internalError(io, argv, error);
    terminal.progress("interrupted, nothing written");
    return exitCodes.interrupted;
  }
}

type Chosen = (command: string, raw: object, inputs: readonly string[], run: Action) => void;

/** Commands load what they need when they run, so that starting costs little. */
function buildProgram(io: Io, choose: Chosen): Command {
  const program = new Command("wirespan")
    .description("Contracts in, services out: .proto and AsyncAPI files become TypeScript.")
    .version(toolVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command");
  const all = [
    addFlags(program.command("generate", { isDefault: true }).summary("contracts → files (the default command)"), [
      "check",
      "dryRun",
      "force",
      "watch",
      "poll",
      "failOn",
      "profile",
    ])
      .description(
        "Reads contracts (files, folders or globs; none: what the configuration names) and writes what they call for.",
      )
      .argument("[inputs...]", "contracts: .proto files, AsyncAPI documents, folders, globs")
      .action((inputs: string[], raw: { watch?: boolean }) =>
        choose("generate", raw, inputs, async (terminal) =>
          raw.watch === true
            ? (await import("./commands/watch.js")).watchCommand(io, terminal)
            : (await import("./commands/generate.js")).generateCommand(io, terminal),
        ),
      ),
    addFlags(program.command("watch").summary("generate, and again whenever contracts change"), [
      "force",
      "poll",
      "profile",
    ])
      .description(
        "Generates, then again whenever a contract or the configuration changes. Broken contracts leave the output as it is.",
      )
      .argument("[inputs...]", "contracts: .proto files, AsyncAPI documents, folders, globs")
      .action((inputs: string[], raw: object) =>
        choose("watch", raw, inputs, async (terminal) =>
          (await import("./commands/watch.js")).watchCommand(io, terminal),
        ),
      ),
    addFlags(program.command("check").summary("exit 3 when the output is not what the contracts say"), [
      "failOn",
      "profile",
    ])
      .description("Compares the output folder with what the contracts say, writes nothing, prints the difference.")
      .argument("[inputs...]", "contracts: .proto files, AsyncAPI documents, folders, globs")
      .action((inputs: string[], raw: object) =>
        choose("check", { ...raw, check: true }, inputs, async (terminal) =>
          (await import("./commands/generate.js")).generateCommand(io, terminal),
        ),
      ),
    addFlags(
      program.command("explain").summary("what is in force for a method, channel or operation; what a code means"),
      [],
    )
      .description(
        "Explains a method (UserService.GetUser), a service, a channel (id or address), an operation (id) or a diagnostic code (E2003).",
      )
      .argument("<name>", "a method, service, channel, operation or code")
      .argument("[inputs...]", "contracts: .proto files, AsyncAPI documents, folders, globs")
      .action((name: string, inputs: string[], raw: object) =>
        choose("explain", raw, inputs, async (terminal) =>
          (await import("./commands/explain.js")).explainCommand(io, terminal, name),
        ),
      ),
    addFlags(program.command("docs").summary("one HTML page about all contracts"), ["force", "failOn", "profile"], {
      without: ["only"],
    })
      .description("Writes docs/index.html into the output folder: REST, gRPC, events and topology on one page.")
      .argument("[inputs...]", "contracts: .proto files, AsyncAPI documents, folders, globs")
      .action((inputs: string[], raw: object) =>
        choose("docs", raw, inputs, async (terminal) => (await import("./commands/docs.js")).docsCommand(io, terminal)),
      ),
    addGlobalFlags(program.command("init").summary("a starter project"))
      .description(
        "Writes a configuration, a proto and an AsyncAPI document to start from. Files that exist stay as they are.",
      )
      .argument("[folder]", "where", ".")
      .action((folder: string, raw: object) =>
        choose("init", raw, [], async (terminal) =>
          (await import("./commands/init.js")).initCommand(io, terminal, folder),
        ),
      ),
  ];
  for (const command of [program, ...all]) {
    command
      .exitOverride()
      .allowExcessArguments(false)
      .showSuggestionAfterError(false)
      .configureOutput({
        writeOut: (text) => io.stdout.write(text),
        // told by usageDiagnostic
        writeErr: () => {},
        getOutHelpWidth: () => (io.stdout.isTTY ? io.stdout.columns : 100),
        getOutHasColors: () => false,
      });
  }
  return program;
}

/** Flags may stand before the command: the first word that is neither flag nor value moves to the front. */
function commandFirst(argv: readonly string[], program: Command): readonly string[] {
  const values = valueFlags();
  const names = new Set(program.commands.map((command) => command.name()));
  for (let i = 0; i < argv.length; i++) {
    const word = argv[i] ?? "";
    if (word === "--") break;
    if (values.has(word)) i++;
    else if (!word.startsWith("-")) {
      if (i === 0 || !names.has(word)) break;
      return [word, ...argv.slice(0, i), ...argv.slice(i + 1)];
    }
  }
  return argv;
}

/** A command line that cannot be parsed still says how it wants to be answered. */
function flagsForUsage(argv: readonly string[]): Flags {
  const at = argv.indexOf("--report");
  const report = at === -1 ? argv.find((word) => word.startsWith("--report="))?.slice(9) : argv[at + 1];
  return readFlags(
    { report: report === "json" || report === "github" ? report : undefined, color: !argv.includes("--no-color") },
    [],
    () => {},
  );
}
