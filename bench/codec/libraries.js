// One adapter per library: how it encodes and decodes, and what a message is that its users write by hand.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cache } from "./build.js";
import { literals } from "./data.js";

/** Ours first. */
export const libraries = ["wirespan", "protobufjs", "protobuf-es", "ts-proto"];

const adapters = {
  wirespan: async () => {
    const module = await emitted("wirespan/shapes.pb.js");
    return (shape) => {
      const type = module[shape];
      return {
        encode: (message) => type.encode(message),
        decode: (bytes) => type.decode(bytes),
        literals: literals(shape, (value) => value),
        json: {
          toJson: (message) => type.toJson(message),
          fromJson: (value) => type.fromJson(value),
          toText: (message) => type.toJsonString(message),
          fromText: (text) => type.fromJsonString(text),
        },
      };
    };
  },

  protobufjs: async () => {
    const module = await emitted("protobufjs.js");
    return (shape) => {
      const type = module.bench.codec.v1[shape];
      return {
        encode: (message) => type.encode(message).finish(),
        decode: (bytes) => type.decode(bytes),
        literals: literals(shape, Number).map(flattenOneof),
      };
    };
  },

  "protobuf-es": async () => {
    const module = await emitted("protobuf-es/shapes_pb.js");
    const { create, fromBinary, fromJson, fromJsonString, toBinary, toJson, toJsonString } =
      await import("@bufbuild/protobuf");
    return (shape) => {
      const schema = module[`${shape}Schema`];
      return {
        encode: (message) => toBinary(schema, message),
        decode: (bytes) => fromBinary(schema, bytes),
        // what users write goes through create
        encodeLiteral: (init) => toBinary(schema, create(schema, init)),
        literals: literals(shape, (value) => value),
        json: {
          toJson: (message) => toJson(schema, message),
          fromJson: (value) => fromJson(schema, value),
          toText: (message) => toJsonString(schema, message),
          fromText: (text) => fromJsonString(schema, text),
        },
      };
    };
  },

  "ts-proto": async () => {
    const module = await emitted("ts-proto/shapes.js");
    return (shape) => {
      const type = module[shape];
      return {
        encode: (message) => type.encode(message).finish(),
        decode: (bytes) => type.decode(bytes),
        // its encode takes whole messages only
        encodeLiteral: (init) => type.encode(type.fromPartial(init)).finish(),
        literals: literals(shape, (value) => value).map(flattenOneof),
      };
    };
  },

  // for JSON only
  "ts-proto defaults": async () => {
    const module = await emitted("ts-proto-defaults/shapes.js");
    return (shape) => {
      const type = module[shape];
      return {
        decode: (bytes) => type.decode(bytes),
        json: {
          toJson: (message) => type.toJSON(message),
          fromJson: (value) => type.fromJSON(value),
          toText: (message) => JSON.stringify(type.toJSON(message)),
          fromText: (text) => type.fromJSON(JSON.parse(text)),
        },
      };
    };
  },
};

/** The codecs of a library, by shape: `{ encode, encodeLiteral, decode, literals }`. */
export async function loadLibrary(name) {
  const codec = await adapters[name]();
  return (shape) => {
    const found = codec(shape);
    return { encodeLiteral: found.encode, ...found };
  };
}

function emitted(path) {
  return import(pathToFileURL(join(cache, path)).href);
}

/** A oneof as libraries without a property of its own for it have it. */
function flattenOneof(message) {
  if (message.payment === undefined) return message;
  const { payment, ...rest } = message;
  return { ...rest, [payment.case]: payment.value };
}
