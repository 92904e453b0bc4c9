import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { messages } from "../../../src/generators/messages/index.js";
import { nativePattern } from "../../../src/generators/messages/rules/pattern.js";
import type { Validator } from "../../../src/runtime/validate/index.js";
import { re2 } from "../../../src/runtime/validate/re2/index.js";
import { emitShop, good } from "../../behaviour/validation/shop.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";

const head = 'syntax = "proto3"; package t; import "buf/validate/validate.proto";\n';

/** The validator of the message `M`. */
async function validatorOf(proto: string, options = {}): Promise<Validator<object>> {
  const { files, diagnostics } = await emit({ "t.proto": head + proto }, [messages], options);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join("\n"));
  return (await emittedModules(files)("t.validate.ts"))["validateM"] as Validator<object>;
}

function brief(validate: Validator<object>, message: object): readonly string[] {
  return validate(message).map(({ field, ruleId }) => `${field} ${ruleId}`.trim());
}

describe("M74: emitted validators", () => {
  test("find what is wrong, with path, rule and words", async () => {
    const { validateOrder } = await emitShop();
    expect(validateOrder(good)).toEqual([]);
    const found = validateOrder({
      ...good,
      id: "",
      reference: "aab",
      items: [good.items[0], { sku: "x", kind: 9, weight: 0.05, count: 4 }],
      prices: { a: 1n, "b c": -1n, 'q"': 9007199254740992n, d: 9007199254740993n },
      placedAt: undefined,
      reserveFor: { seconds: 86_400n, nanos: 1 },
      nickname: { value: "four" },
      extra: { typeUrl: "type.googleapis.com/shop.v1.Order" },
      mask: { paths: ["items.sku", "itemsx"] },
      gift: true,
      note: "quiet",
      payment: { case: "onAccount", value: false },
      discount: Number.NaN,
      tags: ["new", "new", "old"],
      signature: Uint8Array.of(1, 3),
      replaces: { ...good, items: [] },
      step: 7,
      offset: 3,
      internal: "no address",
      ratings: [1, 6],
    });
    expect(found.map(({ field, ruleId, rule }) => [field, ruleId, rule])).toEqual([
      ["id", "string.uuid_empty", "string.uuid"],
      ["reference", "string.pattern", "string.pattern"],
      ["items[1].sku", "this.startsWith('sku-')", "cel_expression[0]"],
      ["items[1].kind", "enum.defined_only", "enum.defined_only"],
      ["items[1].weight", "float.gte", "float.gte"],
      ["items[1].count", "uint32.in", "uint32.in"],
      ['prices["b c"]', "string.not_contains", "map.keys.string.not_contains"],
      ['prices["b c"]', "int64.gte_lt", "map.values.int64.gte"],
      ['prices["d"]', "int64.gte_lt", "map.values.int64.gte"],
      ["placed_at", "required", "required"],
      ["reserve_for", "duration.gt_lte", "duration.gt"],
      ["nickname", "string.len", "string.len"],
      ["extra", "any.in", "any.in"],
      ["mask", "field_mask.in", "field_mask.in"],
      ["note", "string.shouted", "string.[shop.v1.shouted]"],
      ["on_account", "bool.const", "bool.const"],
      ["discount", "double.gt_lt", "double.gt"],
      ["discount", "double.finite", "double.finite"],
      ["tags", "repeated.unique", "repeated.unique"],
      ["tags[2]", "string.in", "repeated.items.string.in"],
      ["signature", "bytes.prefix", "bytes.prefix"],
      ["replaces.items", "repeated.min_items", "repeated.min_items"],
      ["step", "int32.multiple_of", "int32.[shop.v1.multiple_of]"],
      ["offset", "sint32.gt_lt_exclusive", "sint32.gt"],
      ["ratings", "order.ratings", "cel[0]"],
      ["", "message.oneof", ""],
    ]);
    expect(found.find(({ field }) => field === "step")?.message).toBe("must be a multiple of 5");
    expect(found.filter(({ forKey }) => forKey).map(({ rule }) => rule)).toEqual(["map.keys.string.not_contains"]);
  });

  test("find the same in what is handed in and in what was read", async () => {
    const { files } = await emit(
      { "t.proto": `${head} message M { float f = 1 [(buf.validate.field).float.gte = 0.1]; }` },
      [messages],
    );
    const load = emittedModules(files);
    const validate = (await load("t.validate.ts"))["validateM"] as Validator<object>;
    const { M } = (await load("t.pb.ts")) as unknown as {
      M: { encode(m: object): Uint8Array; decode(b: Uint8Array): object };
    };
    for (const [f, wrong] of [
      [0.1, 0],
      [0.0999999, 1],
    ] as const) {
      expect(validate({ f }).length).toBe(wrong);
      expect(validate(M.decode(M.encode({ f }))).length).toBe(wrong);
    }
  });

  test("stop after as many findings as were asked for", async () => {
    const validate = await validatorOf(
      "message M { repeated string s = 1 [(buf.validate.field).repeated.items.string.email = true]; }",
    );
    const s = Array.from({ length: 100_000 }, () => "x");
    expect(validate({ s }).length).toBe(100);
    expect(validate({ s }, { maxViolations: 3 }).map(({ field }) => field)).toEqual(["s[0]", "s[1]", "s[2]"]);
  });

  test("take the time from the clock they are given", async () => {
    const validate = await validatorOf(
      `import "google/protobuf/timestamp.proto";
      message M {
        google.protobuf.Timestamp at = 1 [(buf.validate.field).timestamp.within = {seconds: 60}, (buf.validate.field).cel = {
          id: "past" expression: "this <= now ? '' : 'in the future'"
        }];
      }`,
    );
    const clock = { now: () => 1_000_000, after: () => () => {} };
    const at = (seconds: bigint): readonly string[] =>
      validate({ at: { seconds } }, { clock }).map(({ ruleId }) => ruleId);
    expect(at(1_000n)).toEqual([]);
    expect(at(939n)).toEqual(["timestamp.within"]);
    expect(at(1_061n)).toEqual(["past", "timestamp.within"]);
  });

  test("hand CEL values of the types that the contract gives them", async () => {
    const validate = await validatorOf(`
      message M {
        option (buf.validate.message).cel = {
          id: "types"
          expression:
            "[type(this.i) == int, type(this.u) == uint, type(this.d) == double, type(this.f) == double, "
            "type(this.b) == bytes, type(this.e) == int, type(this.at) == google.protobuf.Timestamp, "
            "type(this.l) == list, this.l[0] == 5u, type(this.m) == map, this.m[7] == 1.5, type(this.o) == t.M.O, "
            "!has(this.none), this.i + 1 == 9007199254740993, this.u / 2u == 3u].all(x, x)"
        };
        int64 i = 1; uint32 u = 2; double d = 3; float f = 4; bytes b = 5; E e = 6;
        google.protobuf.Timestamp at = 7; repeated fixed64 l = 8; map<int32, double> m = 9; O o = 10; O none = 11;
        uint64 big = 12 [(buf.validate.field).cel = {id: "big" expression: "this == 18446744073709551615u"}];
        repeated sint32 list = 13 [(buf.validate.field).cel = {id: "list" expression: "this == [1, -2]"}];
        map<bool, uint32> map = 14 [(buf.validate.field).cel = {id: "map" expression: "this == {true: 3u}"}];
        message O {}
      }
      import "google/protobuf/timestamp.proto";
      enum E { A = 0; }`);
    const whole = {
      i: 9007199254740992n,
      u: 7,
      d: 1,
      f: 1.5,
      b: Uint8Array.of(1),
      e: 0,
      at: { seconds: 1n },
      l: [5n],
      m: { 7: 1.5 },
      o: {},
      big: 18446744073709551615n,
      list: [1, -2],
      map: { true: 3 },
    };
    expect(brief(validate, whole)).toEqual([]);
    expect(brief(validate, { ...whole, u: 8 })).toEqual(["types"]);
    expect(brief(validate, { ...whole, big: 1n, list: [1, 2], map: { false: 3 } })).toEqual([
      "big big",
      "list list",
      "map map",
    ]);
  });

  test("are the same whatever form programs have values in", async () => {
    const folder = fileURLToPath(new URL("../../../fixtures/messages-validation-forms/input/", import.meta.url));
    const sources = { "forms.proto": readFileSync(`${folder}forms.proto`, "utf8") };
    const booking = {
      seats: "2",
      begin: new Date(1_700_000_000_000),
      end: new Date(1_700_000_001_000),
      state: "OPEN",
      plain: 7,
    };
    const changed = {
      ...booking,
      seats: "9007199254740994",
      price: "0",
      end: new Date(1_600_000_000_000),
      begin: new Date(1_600_000_000_000),
      state: "UNSPECIFIED",
      history: ["OPEN", 5],
      scores: { a: "-1" },
      deltas: ["0"],
      codes: ["1", "1"],
      plain: 8,
    };
    const { files } = await emit(sources, [messages], { int64: "string", timestamp: "date", enums: "string" });
    const validate = (await emittedModules(files)("forms.validate.ts"))["validateBooking"] as Validator<object>;
    expect(brief(validate, booking)).toEqual([]);
    expect(brief(validate, changed)).toEqual([
      "seats int64.lte",
      "price uint64.gt",
      "begin timestamp.gt",
      "state enum.in",
      "history[1] enum.defined_only",
      'scores["a"] int64.gte',
      "deltas booking.deltas",
      "codes repeated.unique",
      "plain int64.const",
      "booking.window",
    ]);
  });

  test("of a message with very many fields are in parts that TypeScript follows", async () => {
    const fields = Array.from(
      { length: 900 },
      (_, i) => `string f${i} = ${i + 1} [(buf.validate.field).string = {min_len: 2, max_len: 9, prefix: "x"}];`,
    );
    const { files } = await emit({ "t.proto": `${head} message M { ${fields.join("\n")} }` }, [messages]);
    const validate = (await emittedModules(files)("t.validate.ts"))["validateM"] as Validator<object>;
    expect(validate({}, { maxViolations: 1e6 }).length).toBe(1_800);
    expect(files.get("t.validate.ts")?.match(/const part\d+ = /g)?.length).toBeGreaterThan(10);
  });

  test("exist for messages with rules alone, and for those that hold such", async () => {
    const { files } = await emit(
      {
        "t.proto": `${head} message M { string s = 1 [(buf.validate.field).string.min_len = 1]; }
          message Outer { map<string, M> ms = 1; } message Loop { Loop next = 1; } message Plain { string s = 1; }`,
      },
      [messages],
    );
    const { validateOuter, ...others } = await emittedModules(files)("t.validate.ts");
    expect(Object.keys(others).sort()).toEqual(["checkM", "checkOuter", "validateM"]);
    expect(brief(validateOuter as Validator<object>, { ms: { a: { s: "" }, b: { s: "x" } } })).toEqual([
      'ms["a"].s string.min_len',
    ]);
    expect([...files.get("t.pb.ts")!.matchAll(/messageTypeWithRules\(\s*"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      "t.M",
      "t.Outer",
    ]);
    const none = await emit({ "t.proto": `${head} message M { string s = 1; }` }, [messages]);
    expect([...none.files.keys()]).toEqual(["t.pb.ts"]);
  });
});

describe("M74: patterns are RE2's", () => {
  test("^(a+)+$ is quick for any text", async () => {
    const validate = await validatorOf('message M { string s = 1 [(buf.validate.field).string.pattern = "^(a+)+$"]; }');
    const started = performance.now();
    expect(brief(validate, { s: `${"a".repeat(28)}b` })).toEqual(["s string.pattern"]);
    expect(brief(validate, { s: `${"a".repeat(100_000)}b` })).toEqual(["s string.pattern"]);
    expect(brief(validate, { s: "a".repeat(1_000) })).toEqual([]);
    // JavaScript's own engine takes seconds for the first, and would not end for the second
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("JavaScript's engine gets those alone that are provably linear and mean the same", () => {
    for (const safe of [
      "^[a-z]+$",
      "^[a-z]+(-[a-z]+)*$",
      "^\\d{4}-\\d{2}$",
      "^a.c$",
      "^\\s$",
      "^[\\w.]+@x$",
      "^(a|b)?c$",
      "^\\/\\-$",
    ]) {
      expect(nativePattern(safe), safe).toBeInstanceOf(RegExp);
    }
    const unsafe = [
      "^(a+)+$",
      "^(a|a)*$",
      "^a*a*$",
      "[a-z]+",
      "^(a?){20}a{20}$",
      "^[[:alpha:]]+$",
      "(?i)x",
      "^\\pL$",
      "\\bx\\b",
      "^a\\z",
      "^x\u202ey$",
      "^x{,3}$",
      "^(?P<n>x)$",
      "^[]a]$",
    ];
    for (const one of unsafe) expect(nativePattern(one), one).toBeUndefined();
  });

  test("both engines agree on what the first one gets", () => {
    const patterns = ["^a.c$", "^[^\\s]*$", "^\\w+$", "^\\d*x?$", "^[\\w.-]+$", "^\\W$", "^.{2}$", "^(é|\\t)+$"];
    const texts = [
      "",
      "a\nc",
      "a\rc",
      "a\u2028c",
      "abc",
      "\u00a0",
      "\ufeff",
      "\v",
      "_9",
      "é",
      "\t\té",
      "😀",
      "😀a",
      "1x",
      "-",
    ];
    for (const pattern of patterns) {
      const native = nativePattern(pattern);
      for (const text of texts)
        expect(native?.test(text), `${pattern} on ${JSON.stringify(text)}`).toBe(re2(pattern).test(text));
    }
  });
});

test("M74: where the zero is ignored, nothing is emitted for the empty value", async () => {
  const proto = `message M {
    string a = 1 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE string: { email: true } }];
    bytes b = 2 [(buf.validate.field) = { required: true bytes: { uuid: true } }];
    repeated string l = 3 [(buf.validate.field).repeated = { min_items: 1 items: { string: { email: true } } }];
    optional string p = 4 [(buf.validate.field) = { ignore: IGNORE_IF_ZERO_VALUE string: { email: true } }];
    map<string, string> m = 5 [(buf.validate.field) = {
      required: true
      map: { keys: { string: { email: true } } values: { ignore: IGNORE_IF_ZERO_VALUE string: { email: true } } }
    }];
  }`;
  const { files } = await emit({ "t.proto": head + proto }, [messages]);
  expect(files.get("t.validate.ts")?.match(/"[\w.]+_empty"/g)).toHaveLength(3);
  const validate = await validatorOf(proto);
  expect(brief(validate, { l: ["", "x"], p: "", m: { "": "" } })).toEqual([
    "b required",
    "l[0] string.email_empty",
    "l[1] string.email",
    "p string.email_empty",
    'm[""] string.email_empty',
  ]);
  expect(brief(validate, { a: "x", b: Uint8Array.of(1), l: ["a@b.example"], m: { "a@b.example": "x" } })).toEqual([
    "a string.email",
    "b bytes.uuid",
    'm["a@b.example"] string.email',
  ]);
});

describe("M74: rules that cannot be compiled", () => {
  const broken = `message M {
    option (buf.validate.message).cel = {id: "m" expression: "this.s.size() >"};
    string s = 1 [(buf.validate.field).int32.gt = 1];
    string p = 2 [(buf.validate.field).string.pattern = "("];
    int32 n = 3 [(buf.validate.field).cel = {id: "n" expression: "this.size() == 0"}];
  }
  message Fine { M m = 1; string t = 2 [(buf.validate.field).string.min_len = 1]; }`;

  test("are located errors", async () => {
    const { files, diagnostics } = await emit({ "t.proto": head + broken }, [messages]);
    const found = diagnostics.map(({ code, severity, origin }) => [code, severity, origin?.line]);
    expect(found).toEqual([4, 5, 6, 2].map((line) => ["E4030", "error", line]));
    expect(files.size).toBeGreaterThan(0);
  });

  test("with --lenient they are warnings, and the validator throws", async () => {
    const { files, diagnostics } = await emit({ "t.proto": head + broken }, [messages], { lenient: true });
    expect(diagnostics.map(({ severity }) => severity)).toEqual(["warning", "warning", "warning", "warning"]);
    const load = emittedModules(files);
    const { validateM, validateFine } = (await load("t.validate.ts")) as Record<string, Validator<object>>;
    expect(() => validateM?.({})).toThrow("t.M.s: rules for int32 do not fit string");
    expect(validateFine?.({}).length).toBe(1);
    expect(() => validateFine?.({ m: {} })).toThrow("t.M.s");
  });

  test.each([
    ["string s", "this.foo > 1", "string has no field foo"],
    ["string s", "has(this.foo)", "string has no field foo"],
    ["string s", "this.nosuch()", "there is no function nosuch"],
    ["string s", "true || nosuch(this)", "there is no function nosuch"],
    ["string s", "undefinedvar == 1", "there is no undefinedvar here, only this, now"],
    ["string s", "rule > 1", "there is no rule here, only this, now"],
    ["string s", "this.matches('(')", 'the pattern "(" is none of RE2'],
    ["string s", "this == 1", "string is never equal to int"],
    ["string s", "size(this) == 0 || this > 1", "there is no >(string, int)"],
    ["repeated Inner r", "this.all(x, x.nosuch == '')", "t.Inner has no field nosuch"],
    ["map<string, Inner> m", "this.all(k, this[k].name == 1)", "string is never equal to int"],
    ["repeated Inner r", "size(this) == 0 || this[0].name.nosuch", "string has no field nosuch"],
    ["Inner i", "has(this.name) ? this.name : 1 + 1u", "there is no +(int, uint)"],
    ["Inner i", "has(this.when) && this.when < duration('1x')", '"1x" is no duration'],
    ["int32 n", "this", "neither a bool nor a string"],
  ])("%s: %s", async (field, expression, reason) => {
    const proto = `import "google/protobuf/duration.proto";
      message Inner { string name = 1; google.protobuf.Duration when = 2; }
      message M {
        ${field} = 1 [(buf.validate.field).cel = {id: "x" expression: ${JSON.stringify(expression)}}];
      }`;
    const { diagnostics } = await emit({ "t.proto": head + proto }, [messages]);
    expect(diagnostics.map(({ code, origin }) => [code, origin?.line])).toEqual([["E4030", 5]]);
    expect(diagnostics[0]?.message).toContain(reason);
  });

  test("an expression that may hold for other values is none", async () => {
    const { diagnostics } = await emit(
      {
        "t.proto": `${head} import "google/protobuf/struct.proto"; import "google/protobuf/wrappers.proto";
        message M {
          option (buf.validate.message).cel = {id: "a" expression: "this.list[0] > 1"};
          option (buf.validate.message).cel = {id: "b" expression: "this.wrapped > 1"};
          option (buf.validate.message).cel = {id: "c" expression: "this.any.name == 'x'"};
          option (buf.validate.message).cel = {id: "d" expression: "1 / this.list.size() == 1"};
          option (buf.validate.message).cel = {id: "e" expression: "this.kind == t.Kind.ONE && this.any.a.b.c < 1"};
          option (buf.validate.message).cel = {id: "f" expression: "this.list.map(x, x * 2).exists_one(x, x == 2u)"};
          option (buf.validate.message).cel = {id: "g" expression: "type(this.kind) == int && dyn(this.kind) == 'x'"};
          option (buf.validate.message).cel = {id: "h" expression: "this.wrapped == null || this.wrapped in [1, 2.0]"};
          option (buf.validate.message).cel = {id: "i" expression: "{'a': 1}.a == 1 && {'a': this.kind}['a'] > 0.5"};
          option (buf.validate.message).cel = {id: "j" expression: "this.m.filter(k, k > 1).all(k, this.m[k].kind > 0)"};
          option (buf.validate.message).cel = {id: "k" expression: "t.M{kind: 1}.kind == this.kind && now > timestamp('2024-01-01T00:00:00Z') - duration('1h')"};
          Kind kind = 4; map<int32, M> m = 5;
          repeated int32 list = 1; google.protobuf.Int32Value wrapped = 2; google.protobuf.Struct any = 3;
        }
        enum Kind { NONE = 0; ONE = 1; }`,
      },
      [messages],
    );
    expect(diagnostics).toEqual([]);
  });
});
