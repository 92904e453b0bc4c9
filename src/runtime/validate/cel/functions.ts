import { celFromScalar, celFunc, celMethod, CelScalar, isCelUint, listType, type CelFunc } from "@bufbuild/cel";
import { create } from "@bufbuild/protobuf";
import { isReflectMessage } from "@bufbuild/protobuf/reflect";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import { isIp, isIpPrefix, type IpVersion } from "../ip.js";
import { isEmail, isHostAndPort, isHostname } from "../names.js";
import { isUri, isUriRef } from "../uri.js";
import { containsBytes, endsWithBytes, isUnique, startsWithBytes } from "../values.js";

const { BOOL, BYTES, DOUBLE, DYN, INT, STRING, UINT } = CelScalar;

/** Of a version that there is none, no text is an address. */
function versioned(version: bigint, check: (version: IpVersion) => boolean): boolean {
  return version === 0n || version === 4n || version === 6n
    ? check(version === 4n ? 4 : version === 6n ? 6 : 0)
    : false;
}

/** The same key for the same value: unsigned integers are objects. */
function comparable(value: unknown): unknown {
  return isCelUint(value) ? value.value : value;
}

/** The functions that rules may use besides those of CEL itself. */
export const functions: readonly CelFunc[] = [
  celMethod("isNan", DOUBLE, [], BOOL, function () {
    return Number.isNaN(this);
  }),
  celMethod("isInf", DOUBLE, [], BOOL, function () {
    return Math.abs(this) === Infinity;
  }),
  celMethod("isInf", DOUBLE, [INT], BOOL, function (sign) {
    return (sign >= 0n && this === Infinity) || (sign <= 0n && this === -Infinity);
  }),
  celMethod("isHostname", STRING, [], BOOL, function () {
    return isHostname(this);
  }),
  celMethod("isHostAndPort", STRING, [BOOL], BOOL, function (portRequired) {
    return isHostAndPort(this, portRequired);
  }),
  celMethod("isEmail", STRING, [], BOOL, function () {
    return isEmail(this);
  }),
  celMethod("isIp", STRING, [], BOOL, function () {
    return isIp(this);
  }),
  celMethod("isIp", STRING, [INT], BOOL, function (version) {
    return versioned(version, (known) => isIp(this, known));
  }),
  celMethod("isIpPrefix", STRING, [], BOOL, function () {
    return isIpPrefix(this);
  }),
  celMethod("isIpPrefix", STRING, [INT], BOOL, function (version) {
    return versioned(version, (known) => isIpPrefix(this, known));
  }),
  celMethod("isIpPrefix", STRING, [BOOL], BOOL, function (strict) {
    return isIpPrefix(this, 0, strict);
  }),
  celMethod("isIpPrefix", STRING, [INT, BOOL], BOOL, function (version, strict) {
    return versioned(version, (known) => isIpPrefix(this, known, strict));
  }),
  celMethod("isUri", STRING, [], BOOL, function () {
    return isUri(this);
  }),
  celMethod("isUriRef", STRING, [], BOOL, function () {
    return isUriRef(this);
  }),
  ...[UINT, INT, STRING, BOOL, DOUBLE, BYTES].map((type) =>
    celMethod("unique", listType(type), [], BOOL, function () {
      return isUnique([...this].map(comparable));
    }),
  ),
  celMethod("contains", BYTES, [BYTES], BOOL, function (part) {
    return containsBytes(this, part);
  }),
  celMethod("startsWith", BYTES, [BYTES], BOOL, function (part) {
    return startsWithBytes(this, part);
  }),
  celMethod("endsWith", BYTES, [BYTES], BOOL, function (part) {
    return endsWithBytes(this, part);
  }),
  celMethod("contains", STRING, [STRING], BOOL, function (part) {
    return this.includes(part);
  }),
  celMethod("startsWith", STRING, [STRING], BOOL, function (part) {
    return this.startsWith(part);
  }),
  celMethod("endsWith", STRING, [STRING], BOOL, function (part) {
    return this.endsWith(part);
  }),
  // for fields whose names are words of CEL: getField(this, 'in')
  celFunc("getField", [DYN, STRING], DYN, (message, name) => {
    if (!isReflectMessage(message)) throw new Error("getField takes a message");
    const field = message.fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new Error(`${message.desc.typeName} has no field ${name}`);
    switch (field.fieldKind) {
      case "list":
      case "map":
        return message.get(field);
      case "enum":
        return BigInt(message.get(field));
      case "scalar":
        return celFromScalar(field.scalar, message.get(field));
      case "message":
        if (message.isSet(field)) return message.get(field);
        return isWrapperDesc(field.message) ? null : create(field.message);
    }
  }),
];
