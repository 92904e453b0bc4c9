// For programs.
export type { ValidateOptions, Validator } from "./checks.js";
export { describeViolations, isRuleError, RuleError } from "./violation.js";
export type { Violation } from "./violation.js";

// For emitted code.
export { brokenRule, validator } from "./checks.js";
export type { CelRule, Checks } from "./checks.js";
export { isIp, isIpPrefix } from "./ip.js";
export {
  isDottedProtobufName,
  isEmail,
  isHeaderName,
  isHeaderValue,
  isHostAndPort,
  isHostname,
  isProtobufName,
  isTrimmedUuid,
  isUlid,
  isUuid,
} from "./names.js";
export { durationNanos, timestampNanos, timestampOf } from "./time.js";
export { isUri, isUriRef } from "./uri.js";
export {
  codePoints,
  containsBytes,
  countTrue,
  endsWithBytes,
  entryAt,
  isOneOf,
  isOneOfBytes,
  isUnique,
  itemAt,
  pathsOutside,
  pathsWithin,
  sameBytes,
  samePaths,
  startsWithBytes,
  textOf,
  utf8Length,
} from "./values.js";
