import { celEnv, isCelError, parse, plan, type CelEnv, type CelInput } from "@bufbuild/cel";
import { strings } from "@bufbuild/cel/ext";
import { create } from "@bufbuild/protobuf";
import { TimestampSchema, type Timestamp } from "@bufbuild/protobuf/wkt";
import type { CelRule } from "../checks.js";
import { RuleError } from "../violation.js";
import { functions } from "./functions.js";
import type { CelTypes } from "./types.js";

/** `buf.validate.Rule` as emitted, with what a predefined one is told. */
export interface CelRuleText {
  /** Default: the expression. */
  readonly id?: string;
  /** Default: what the expression gives where that is text. */
  readonly message?: string;
  readonly expression: string;
  /** The value that a field sets a predefined rule to. */
  readonly rule?: unknown;
  /** All rules of that kind that the field has. */
  readonly rules?: () => unknown;
}

const environments = new WeakMap<CelTypes, CelEnv>();

function environmentOf(types: CelTypes): CelEnv {
  let known = environments.get(types);
  if (known === undefined) {
    known = celEnv({ registry: types.registry, funcs: [...strings, ...functions] });
    environments.set(types, known);
  }
  return known;
}

/** A rule in CEL. Its expression is compiled when it is first applied. */
export function celRule(types: CelTypes, { id, message, expression, rule, rules }: CelRuleText): CelRule {
  let run: ReturnType<typeof plan> | undefined;
  const ruleId = id ?? expression;
  return {
    evaluate(self, nowNanos) {
      run ??= compile(types, ruleId, expression);
      const result = run({
        // sound: emitted code converts what a message holds by the functions of this module
        this: self as CelInput,
        ...(rule === undefined ? {} : { rule: rule as CelInput }),
        ...(rules === undefined ? {} : { rules: rules() as CelInput }),
        get now() {
          return timestamp(nowNanos());
        },
      });
      if (isCelError(result)) {
        throw new RuleError("runtime", `${ruleId}: ${result.message}`, { cause: result });
      }
      if (result === true || result === "") return undefined;
      if (result === false) return { ruleId, message: message ?? `"${expression}" returned false` };
      if (typeof result === "string") return { ruleId, message: message ?? result };
      throw new RuleError("runtime", `${ruleId}: the expression gives neither a bool nor a string`);
    },
  };
}

function compile(types: CelTypes, ruleId: string, expression: string): ReturnType<typeof plan> {
  try {
    return plan(environmentOf(types), parse(expression));
  } catch (cause) {
    throw new RuleError("compile", `${ruleId}: ${String(cause)}`, { cause });
  }
}

function timestamp(nanos: bigint): Timestamp {
  return create(TimestampSchema, { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) });
}
