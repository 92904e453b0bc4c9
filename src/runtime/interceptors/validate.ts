import { BadRequest } from "../errors/index.js";
import { Code, createLayer, detailOf, RpcError, type Interceptor, type MethodInfo } from "../rpc/index.js";
import {
  describeViolations,
  isRuleError,
  type ValidateOptions,
  type Validator,
  type Violation,
} from "../validate/index.js";

/** Settings of {@link validate}. */
export interface ValidateCallsOptions extends ValidateOptions {
  /**
   * Checks what comes back, too: an invalid response is `INTERNAL`, and says to the caller nothing but that. False by
   * default: a service that is rolled out with new rules may still hold older data.
   */
  readonly responses?: boolean | undefined;
}

/**
 * Checks requests by the rules of the contract, each message of a stream when it is read: one that breaks a rule ends
 * the call with `INVALID_ARGUMENT` and a `google.rpc.BadRequest` that names the fields. The same on client and server;
 * on a client nothing is sent. A method whose messages have rules that no validator was given for fails with
 * `INTERNAL`: what was forgotten shall not pass for valid.
 *
 * @example
 * import { userServiceValidators } from "./gen/acme/user/v1/user.validate.js";
 * registerUserService(server, handler, { chain: userServiceChain().use(validate(userServiceValidators)) });
 */
export function validate(
  validators: readonly Validator<never>[],
  { responses = false, ...options }: ValidateCallsOptions = {},
): Interceptor {
  const known = new Map(validators.map((validator) => [validator.typeName, validator]));

  function find(type: MethodInfo["input"] | MethodInfo["output"]): Validator<unknown> | undefined {
    const found = known.get(type.typeName);
    if (found === undefined && type.hasRules === true) {
      throw new RpcError(Code.INTERNAL, `validate() has no validator for ${type.typeName}`);
    }
    // sound: the validator of that name takes the messages of that type
    return found as Validator<unknown> | undefined;
  }

  function request<T>(validator: Validator<unknown>, message: T): T {
    const found = run(validator, message, options);
    if (found.length > 0) throw invalidArgument(found);
    return message;
  }

  function response<T>(validator: Validator<unknown>, message: T): T {
    const found = run(validator, message, options);
    if (found.length > 0) {
      const text = `invalid ${validator.typeName} in a response: ${describeViolations(found)}`;
      throw new RpcError(Code.INTERNAL, "invalid response", { cause: new Error(text) });
    }
    return message;
  }

  const requests = createLayer((call) => {
    const validator = find(call.method.input);
    if (validator === undefined) return { call };
    return { call: call.change({ requests: call.requests.map((message) => request(validator, message)) }) };
  });
  if (!responses) return requests;
  return (call, next) =>
    requests(call, async (checked) => {
      const validator = find(call.method.output);
      const reply = await next(checked);
      if (validator === undefined) return reply;
      return { ...reply, messages: reply.messages.map((message) => response(validator, message)) };
    });
}

/** @throws {RpcError} `INTERNAL` when a rule itself fails, which is no fault of the message. */
function run(validator: Validator<unknown>, message: unknown, options: ValidateOptions): readonly Violation[] {
  try {
    return validator(message, options);
  } catch (cause) {
    if (isRuleError(cause)) throw new RpcError(Code.INTERNAL, "a rule failed", { cause });
    throw cause;
  }
}

/**
 * The error that says which fields of a request are not valid: `INVALID_ARGUMENT` with a `google.rpc.BadRequest`.
 *
 * @example
 * const violations = validateCreateUserRequest(request);
 * if (violations.length > 0) throw invalidArgument(violations);
 */
export function invalidArgument(violations: readonly Violation[]): RpcError {
  const fieldViolations = violations.map(({ field, message, ruleId }) => ({
    field,
    description: message,
    reason: ruleId,
  }));
  return new RpcError(Code.INVALID_ARGUMENT, describeViolations(violations), {
    details: [detailOf(BadRequest, { fieldViolations })],
  });
}
