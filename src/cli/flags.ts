import { Option, type Command } from "commander";
import { checkConfig, optionNames, options, type OptionName, type WirespanConfig } from "../config/index.js";
import { diagnostic, nearest, type Report } from "../diagnostics/index.js";

/** A flag that is no option of the configuration. */
interface FlagSpec {
  readonly flags: string;
  readonly doc: string;
  readonly values?: readonly string[];
}

/** Every command has these. */
const globalFlags: readonly FlagSpec[] = [
  { flags: "-c, --config <file>", doc: "the configuration file (default: the nearest wirespan.config.* upward)" },
  { flags: "--report <form>", doc: "how findings are told: text, json or github", values: ["text", "json", "github"] },
  { flags: "-q, --quiet", doc: "print errors only" },
  { flags: "-v, --verbose", doc: "print every file and what was reused" },
  { flags: "--no-color", doc: "no colours" },
];

/** Flags of single commands. */
export const commandFlags = {
  check: { flags: "--check", doc: "write nothing; exit 3 when the output folder is not what the contracts say" },
  dryRun: { flags: "-n, --dry-run", doc: "write nothing; list what would be created, updated and deleted" },
  force: { flags: "-f, --force", doc: "write over files that were edited by hand or are not ours" },
  watch: { flags: "-w, --watch", doc: "keep running and generate again when contracts change" },
  poll: { flags: "--poll", doc: "look for changes instead of being told: for network drives and containers" },
  failOn: { flags: "--fail-on <severity>", doc: "exit 1 on warnings too: error or warn", values: ["error", "warn"] },
  profile: { flags: "--profile", doc: "print the time of each phase" },
} as const satisfies Record<string, FlagSpec>;

/** What the flags of a command line say. */
export interface Flags {
  readonly config: string | undefined;
  readonly report: "text" | "json" | "github";
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean;
  readonly check: boolean;
  readonly dryRun: boolean;
  readonly force: boolean;
  readonly watch: boolean;
  readonly poll: boolean;
  readonly failOn: "error" | "warn";
  readonly profile: boolean;
  /** Options of the configuration that flags set. */
  readonly overrides: WirespanConfig;
}

/** Adds flags to a command: its own, those of the configuration, those that all have. */
export function addFlags(
  command: Command,
  own: readonly (keyof typeof commandFlags)[],
  { without = [] }: { readonly without?: readonly OptionName[] } = {},
): Command {
  for (const name of optionNames) {
    const { flag, type, doc } = options[name];
    if (flag === undefined || without.includes(name)) continue;
    const option = new Option(flag, doc);
    if (type.kind === "strings") option.argParser(collect);
    if (type.kind === "choices") option.argParser(collectCommas);
    command.addOption(option);
    if (type.kind === "boolean") command.addOption(new Option(flag.replace("--", "--no-")).hideHelp());
  }
  for (const name of own) command.addOption(new Option(commandFlags[name].flags, commandFlags[name].doc));
  return addGlobalFlags(command);
}

/** Adds the flags that all commands have. */
export function addGlobalFlags(command: Command): Command {
  for (const { flags, doc } of globalFlags) command.addOption(new Option(flags, doc));
  return command;
}

/** Every flag that takes a value, in all its spellings: what the argument after it is. */
export function valueFlags(): ReadonlySet<string> {
  const specs = [
    ...globalFlags.map(({ flags }) => flags),
    ...Object.values(commandFlags).map(({ flags }) => flags),
    ...optionNames.map((name) => options[name].flag ?? ""),
  ];
  const taking = specs.filter((flags) => flags.includes("<"));
  return new Set(taking.flatMap((flags) => flags.match(/(?<![\w-])--?[\w-]+/g) ?? []));
}

/** Checks what commander collected; wrong values are reported. */
export function readFlags(raw: Readonly<Record<string, unknown>>, inputs: readonly string[], report: Report): Flags {
  const given = (name: OptionName): boolean => raw[name] !== undefined && options[name].flag !== undefined;
  const rawOptions = optionNames.filter(given).map((name) => ({
    name,
    value: raw[name],
    origin: undefined,
    valueOrigin: undefined,
    itemOrigins: [],
  }));
  const overrides = checkConfig(rawOptions, report, flagName);
  return {
    config: text(raw["config"]),
    report: choice("--report", raw["report"], ["text", "json", "github"], "text", report),
    quiet: raw["quiet"] === true,
    verbose: raw["verbose"] === true,
    color: raw["color"] !== false,
    check: raw["check"] === true,
    dryRun: raw["dryRun"] === true,
    force: raw["force"] === true,
    watch: raw["watch"] === true,
    poll: raw["poll"] === true,
    failOn: choice("--fail-on", raw["failOn"], ["error", "warn"], "error", report),
    profile: raw["profile"] === true,
    overrides: inputs.length === 0 ? overrides : { ...overrides, inputs },
  };
}

function flagName(name: OptionName): string {
  return /--[\w-]+/.exec(options[name].flag ?? "")?.[0] ?? name;
}

function choice<T extends string>(flag: string, value: unknown, values: readonly T[], fallback: T, report: Report): T {
  if (value === undefined) return fallback;
  const found = values.find((candidate) => candidate === value);
  if (found !== undefined) return found;
  const wanted = `${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
  const name = String(value);
  report(diagnostic("E5008", undefined, { flag, wanted, found: name, nearest: nearest(name, values) }));
  return fallback;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function collect(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function collectCommas(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), ...value.split(",").map((part) => part.trim())];
}
