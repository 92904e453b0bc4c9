// The program under test: reads requests from stdin and answers on stdout, each message with four bytes of length
// before it. `emitted/` is what our generator made of the suite's protos; build.js bundles it all.
import { readSync, writeSync } from "node:fs";
import { createRegistry, isWireError } from "@wirespan/runtime/wire";
import * as wkt from "@wirespan/runtime/wkt";
import {
  ConformanceRequest,
  ConformanceResponse,
  FailureSet,
  TestCategory,
  WireFormat,
} from "emitted/conformance/conformance.pb.js";
import * as edition2023 from "emitted/google/protobuf/test_messages_edition2023.pb.js";
import * as proto2 from "emitted/google/protobuf/test_messages_proto2.pb.js";
import * as proto2Editions from "emitted/google/protobuf/test_messages_proto2_editions.pb.js";
import * as proto3 from "emitted/google/protobuf/test_messages_proto3.pb.js";
import * as proto3Editions from "emitted/google/protobuf/test_messages_proto3_editions.pb.js";

const modules = [wkt, edition2023, proto2, proto2Editions, proto3, proto3Editions];
const known = modules
  .flatMap(Object.values)
  .filter((value) => value?.kind === "message" || value?.kind === "extension");
const registry = createRegistry(...known);

for (let length = readLength(); length !== undefined; length = readLength()) {
  const request = ConformanceRequest.decode(readBytes(length));
  const response = ConformanceResponse.encode({ result: answer(request) });
  const head = Buffer.alloc(4);
  head.writeUInt32LE(response.length);
  writeAll(Buffer.concat([head, response]));
}

function answer({ payload, messageType, requestedOutputFormat, testCategory }) {
  if (messageType === "conformance.FailureSet") {
    return { case: "protobufPayload", value: FailureSet.encode({}) };
  }
  const type = registry.get(messageType);
  if (type === undefined) return { case: "runtimeError", value: `unknown message type ${messageType}` };
  let message;
  try {
    switch (payload?.case) {
      case "protobufPayload":
        message = type.decode(payload.value);
        break;
      case "jsonPayload": {
        const ignoreUnknownFields = testCategory === TestCategory.JSON_IGNORE_UNKNOWN_PARSING_TEST;
        message = type.fromJsonString(payload.value, { registry, ignoreUnknownFields });
        break;
      }
      default:
        return { case: "skipped", value: `${payload?.case} is not supported` };
    }
  } catch (error) {
    return failure("parseError", error);
  }
  try {
    switch (requestedOutputFormat) {
      case WireFormat.PROTOBUF:
        return { case: "protobufPayload", value: type.encode(message) };
      case WireFormat.JSON:
        return { case: "jsonPayload", value: jsonOf(type, message) };
      default:
        return { case: "skipped", value: `output format ${requestedOutputFormat} is not supported` };
    }
  } catch (error) {
    return failure("serializeError", error);
  }
}

/** Both ways to JSON: they must say the same. */
function jsonOf(type, message) {
  const text = type.toJsonString(message, { registry });
  const value = JSON.stringify(type.toJson(message, { registry }));
  if (JSON.stringify(JSON.parse(text)) !== value) throw new Error(`toJsonString gave ${text}, toJson ${value}`);
  return text;
}

/** Errors of any other kind than a codec's are bugs, which no case expects. */
function failure(kind, error) {
  return isWireError(error)
    ? { case: kind, value: error.message }
    : { case: "runtimeError", value: String(error.stack) };
}

function readLength() {
  const head = readBytes(4);
  return head?.readUInt32LE();
}

/** Undefined at the end of the input. */
function readBytes(length) {
  const bytes = Buffer.alloc(length);
  for (let have = 0; have < length;) {
    const got = readSync(0, bytes, have, length - have, null);
    if (got === 0) return undefined;
    have += got;
  }
  return bytes;
}

function writeAll(bytes) {
  for (let done = 0; done < bytes.length;) done += writeSync(1, bytes, done);
}
