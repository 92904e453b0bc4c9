import type { Command, CommanderError } from "commander";
import { diagnostic, nearest, nearestOrShorter, type Diagnostic } from "../diagnostics/index.js";
import { valueFlags } from "./flags.js";

/** A flag whose value is missing: at the end, empty, or followed by the next flag. */
export function missingValue(words: readonly string[]): Diagnostic | undefined {
  const values = valueFlags();
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (word === "--") return undefined;
    const equals = /^(--[\w-]+)=(.*)$/s.exec(word);
    if (equals !== null) {
      const [, flag = "", value = ""] = equals;
      if (values.has(flag) && value === "") return diagnostic("E5009", undefined, { flag });
    } else if (values.has(word)) {
      const value = words[++i];
      if (value === undefined || value === "" || /^--?[a-zA-Z]/.test(value)) {
        return diagnostic("E5009", undefined, { flag: word });
      }
    }
  }
  return undefined;
}

/** A first word that looks like a command but is none, and names no file either. */
export function unknownCommand(
  words: readonly string[],
  program: Command,
  exists: (path: string) => boolean,
): Diagnostic | undefined {
  const [word] = words;
  if (word === undefined || !/^[a-z][a-z-]*$/.test(word) || exists(word)) return undefined;
  const commands = program.commands.map((command) => command.name());
  if (word === "help" || commands.includes(word)) return undefined;
  return diagnostic("E5007", undefined, { name: word, commands, nearest: nearest(word, commands) });
}

/** The command that the first word names, else the default one. */
export function commandOf(words: readonly string[], program: Command): Command {
  return program.commands.find((candidate) => candidate.name() === words[0]) ?? program.commands[0] ?? program;
}

/** What commander found wrong, in our words. */
export function usageDiagnostic(error: CommanderError, words: readonly string[], program: Command): Diagnostic {
  const command = commandOf(words, program);
  const name = words[0] === command.name() ? `wirespan ${command.name()}` : "wirespan";
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.unknownOption": {
      const flag = quoted.split("=", 1)[0] ?? quoted;
      const flags = command.options.filter((option) => !option.hidden).map((option) => option.long ?? "");
      return diagnostic("E5006", undefined, {
        flag,
        command: name,
        nearest: nearestOrShorter(flag, [...flags, "--help"]),
      });
    }
    case "commander.optionMissingArgument":
      return diagnostic("E5009", undefined, { flag: /--[\w-]+/.exec(quoted)?.[0] ?? quoted });
    case "commander.missingArgument":
      return diagnostic("E5010", undefined, { command: name, problem: `the argument <${quoted}> is missing` });
    case "commander.excessArguments":
      return diagnostic("E5010", undefined, { command: name, problem: "too many arguments" });
    default:
      return diagnostic("E5010", undefined, { command: name, problem: error.message.replace(/^error: /, "") });
  }
}
