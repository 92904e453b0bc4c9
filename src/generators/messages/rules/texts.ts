import type { OptionMessage } from "../../../model/index.js";
import { binary, call, type Expression, type Statement } from "../../shared/expressions.js";
import { stringLiteral } from "../../shared/print.js";
import { show, showHex } from "./format.js";
import { listChecks } from "./numbers.js";
import { listOption } from "./options.js";
import { failEmptyOr, failWhen, type RulesEmit, type Subject } from "./subject.js";

/** A well-known format of texts: the condition that holds for a good one, and how the two messages name it. */
interface Format {
  readonly test: (value: string, emit: RulesEmit) => string;
  readonly name: string;
  /** False: an empty text is judged as any other. */
  readonly empty: boolean;
  /** Where the message for an empty text names it otherwise. */
  readonly emptyName?: string;
}

function format(name: string, test: string, ...args: readonly (string | number | boolean)[]): Format {
  return {
    name,
    empty: true,
    test: (value, emit) => `${emit.validate(test)}(${[value, ...args].join(", ")})`,
  };
}

const formats: ReadonlyMap<string, Format> = new Map([
  ["email", format("a valid email address", "isEmail")],
  ["hostname", format("a valid hostname", "isHostname")],
  ["ip", format("a valid IP address", "isIp")],
  ["ipv4", format("a valid IPv4 address", "isIp", 4)],
  ["ipv6", format("a valid IPv6 address", "isIp", 6)],
  ["uri", format("a valid URI", "isUri")],
  ["uri_ref", { ...format("a valid URI Reference", "isUriRef"), empty: false }],
  [
    "address",
    {
      name: "a valid hostname, or ip address",
      empty: true,
      test: (value, emit) => `(${emit.validate("isHostname")}(${value}) || ${emit.validate("isIp")}(${value}))`,
    },
  ],
  ["uuid", format("a valid UUID", "isUuid")],
  ["tuuid", format("a valid trimmed UUID", "isTrimmedUuid")],
  ["ip_with_prefixlen", format("a valid IP prefix", "isIpPrefix")],
  ["ipv4_with_prefixlen", format("a valid IPv4 address with prefix length", "isIpPrefix", 4)],
  ["ipv6_with_prefixlen", format("a valid IPv6 address with prefix length", "isIpPrefix", 6)],
  ["ip_prefix", format("a valid IP prefix", "isIpPrefix", 0, true)],
  ["ipv4_prefix", format("a valid IPv4 prefix", "isIpPrefix", 4, true)],
  ["ipv6_prefix", format("a valid IPv6 prefix", "isIpPrefix", 6, true)],
  [
    "host_and_port",
    {
      ...format("a valid host (hostname or IP address) and port pair", "isHostAndPort", true),
      emptyName: "a valid host and port pair",
    },
  ],
  ["ulid", format("a valid ULID", "isUlid")],
  ["protobuf_fqn", format("a valid fully-qualified Protobuf name", "isProtobufName")],
  ["protobuf_dot_fqn", format("a valid fully-qualified Protobuf name with a leading dot", "isDottedProtobufName")],
]);

/** `must be at least 3 characters`. */
const sizes: readonly (readonly [rule: string, unit: "characters" | "bytes", sign: string, words: string])[] = [
  ["len", "characters", "!==", "must be"],
  ["min_len", "characters", "<", "must be at least"],
  ["max_len", "characters", ">", "must be at most"],
  ["len_bytes", "bytes", "!==", "must be"],
  ["min_bytes", "bytes", "<", "must be at least"],
  ["max_bytes", "bytes", ">", "must be at most"],
];

/** Rules of strings. */
export function stringChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const { value, place } = subject;
  const statements: Statement[] = [];
  const add = (rule: string, condition: Expression, message: string): void => {
    statements.push(failWhen(subject, condition, `string.${rule}`, message));
  };
  const text = (rule: string): string | undefined => {
    const found = rules.get(rule);
    return typeof found === "string" ? found : undefined;
  };

  const constant = text("const");
  if (constant !== undefined) add("const", binary(value, "!==", stringLiteral(constant)), `must equal \`${constant}\``);
  for (const [rule, unit, sign, words] of sizes) {
    const bound = rules.get(rule);
    if (bound === undefined) continue;
    const size = `${emit.validate(unit === "bytes" ? "utf8Length" : "codePoints")}(${value})`;
    add(rule, `${size} ${sign} ${bound}`, `${words} ${bound} ${unit}`);
  }
  const pattern = text("pattern");
  if (pattern !== undefined) {
    const tested = emit.pattern(pattern, place);
    if (tested !== undefined) {
      add("pattern", `!${tested}.test(${value})`, `does not match regex pattern \`${pattern}\``);
    }
  }
  const parts: readonly (readonly [rule: string, method: string, not: string, message: string])[] = [
    ["prefix", "startsWith", "!", "does not have prefix"],
    ["suffix", "endsWith", "!", "does not have suffix"],
    ["contains", "includes", "!", "does not contain substring"],
    ["not_contains", "includes", "", "contains substring"],
  ];
  for (const [rule, method, not, message] of parts) {
    const part = text(rule);
    if (part === undefined) continue;
    add(rule, call(`${not}${value}.${method}`, stringLiteral(part)), `${message} \`${part}\``);
  }
  statements.push(
    ...listChecks(
      "string",
      listOption(rules, "in").map(String),
      listOption(rules, "not_in").map(String),
      { literal: stringLiteral, show },
      subject,
      emit,
    ),
  );
  for (const [rule, known] of formats) {
    if (rules.get(rule) === true) statements.push(...formatChecks(rule, known, subject, emit));
  }
  return [...statements, ...headerChecks(rules, subject, emit)];
}

function formatChecks(rule: string, known: Format, subject: Subject, emit: RulesEmit): Statement[] {
  const { value } = subject;
  const bad = `!${known.test(value, emit)}`;
  const id = `string.${rule}`;
  const message = `must be ${known.name}`;
  if (!known.empty) return [failWhen(subject, bad, id, message)];
  const empty = `value is empty, which is not ${known.emptyName ?? known.name}`;
  return failEmptyOr(
    subject,
    failWhen(subject, `${value} === ""`, `${id}_empty`, empty, id),
    failWhen(subject, bad, id, message),
  );
}

function headerChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const strict = rules.get("strict") !== false;
  const path = "string.well_known_regex";
  switch (rules.get("well_known_regex")) {
    case "KNOWN_REGEX_HTTP_HEADER_NAME": {
      const id = `${path}.header_name`;
      const empty = "value is empty, which is not a valid HTTP header name";
      const bad = `!${emit.validate("isHeaderName")}(${subject.value}, ${strict})`;
      return failEmptyOr(
        subject,
        failWhen(subject, `${subject.value} === ""`, `${id}_empty`, empty, path),
        failWhen(subject, bad, id, "must be a valid HTTP header name", path),
      );
    }
    case "KNOWN_REGEX_HTTP_HEADER_VALUE": {
      const bad = `!${emit.validate("isHeaderValue")}(${subject.value}, ${strict})`;
      return [failWhen(subject, bad, `${path}.header_value`, "must be a valid HTTP header value", path)];
    }
    default:
      return [];
  }
}

/** Rules of bytes. */
export function bytesChecks(rules: OptionMessage, subject: Subject, emit: RulesEmit): Statement[] {
  const { value, place } = subject;
  const statements: Statement[] = [];
  const add = (rule: string, condition: Expression, message: string): void => {
    statements.push(failWhen(subject, condition, `bytes.${rule}`, message));
  };
  const bytes = (wanted: Uint8Array): string =>
    emit.constant("bytes", call(emit.wire("bytesOf"), stringLiteral(Buffer.from(wanted).toString("base64"))));
  const same = (wanted: Uint8Array): string => `${emit.validate("sameBytes")}(${value}, ${bytes(wanted)})`;

  const constant = rules.get("const");
  if (constant instanceof Uint8Array) add("const", `!${same(constant)}`, `must be ${showHex(constant)}`);
  const lengths: readonly (readonly [rule: string, sign: string, words: string])[] = [
    ["len", "!==", "must be"],
    ["min_len", "<", "must be at least"],
    ["max_len", ">", "must be at most"],
  ];
  for (const [rule, sign, words] of lengths) {
    const bound = rules.get(rule);
    if (bound !== undefined) add(rule, `${value}.length ${sign} ${bound}`, `${words} ${bound} bytes`);
  }
  const pattern = rules.get("pattern");
  if (typeof pattern === "string") {
    const tested = emit.pattern(pattern, place);
    if (tested !== undefined) {
      const text = `${emit.validate("textOf")}(${value})`;
      add("pattern", `!${tested}.test(${text})`, `must match regex pattern \`${pattern}\``);
    }
  }
  const parts: readonly (readonly [rule: string, test: string, message: string])[] = [
    ["prefix", "startsWithBytes", "does not have prefix"],
    ["suffix", "endsWithBytes", "does not have suffix"],
    ["contains", "containsBytes", "does not contain"],
  ];
  for (const [rule, test, message] of parts) {
    const part = rules.get(rule);
    if (!(part instanceof Uint8Array)) continue;
    add(rule, call(`!${emit.validate(test)}`, value, bytes(part)), `${message} ${showHex(part)}`);
  }
  const lists: readonly (readonly [rule: string, not: string, message: string])[] = [
    ["in", "!", "must be in list"],
    ["not_in", "", "must not be in list"],
  ];
  for (const [rule, not, message] of lists) {
    const values = listOption(rules, rule).filter((one) => one instanceof Uint8Array);
    if (values.length === 0) continue;
    const some = call(not + emit.validate("isOneOfBytes"), value, ...values.map(bytes));
    add(rule, some, `${message} ${show(values)}`);
  }
  return [...statements, ...bytesFormats(rules, subject)];
}

function bytesFormats(rules: OptionMessage, subject: Subject): Statement[] {
  const length = `${subject.value}.length`;
  const known: readonly (readonly [rule: string, sizes: readonly number[], name: string])[] = [
    ["ip", [4, 16], "IP address"],
    ["ipv4", [4], "IPv4 address"],
    ["ipv6", [16], "IPv6 address"],
    ["uuid", [16], "UUID"],
  ];
  return known.flatMap(([rule, allowed, name]) => {
    if (rules.get(rule) !== true) return [];
    const bad = allowed.map((size) => `${length} !== ${size}`).join(" && ");
    const id = `bytes.${rule}`;
    return failEmptyOr(
      subject,
      failWhen(subject, `${length} === 0`, `${id}_empty`, `value is empty, which is not a valid ${name}`, id),
      failWhen(subject, bad, id, `must be a valid ${name}`),
    );
  });
}
