import { BadRequest } from "../errors/index.js";
import {
  Answer,
  Code,
  createLayer,
  createWrapper,
  detailOf,
  encodedMessage,
  enterLayer,
  failedAnswer,
  isUnaryOutput,
  oneMessage,
  readMessage,
  repeatable,
  RpcError,
  type Give,
  type Interceptor,
  type LayerPlan,
  type Messages,
  type MethodInfo,
} from "../rpc/index.js";
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

  const checkRequests: LayerPlan = (call) => {
    const validator = find(call.method.input);
    if (validator === undefined) return { call };
    return { call: call.change({ requests: call.requests.map((message) => request(validator, message)) }) };
  };
  if (!responses) return createLayer(checkRequests);

  /** Of a single response the check is part of the reply, so that layers outside see what becomes of the call. */
  function checkOnly<O>(validator: Validator<unknown>, answer: Answer<O>, give: Give<O>): void {
    const { header, ending, failed } = answer;
    if (failed !== undefined) return give(answer);
    const messages = repeatable(answer.messages);
    const bytes = encodedMessage(messages);
    const rest = (only: Messages<O>): void => give(new Answer(header, only, ending));
    const take = (message: O): void => {
      try {
        response(validator, message);
      } catch (error) {
        return give(failedAnswer(error, { header }));
      }
      rest(bytes === undefined ? messages : oneMessage(message, bytes));
    };
    readMessage(messages, take, () => rest(messages));
  }

  return createWrapper((next, { method }) =>
    enterLayer(checkRequests, (call, give) => {
      let validator: Validator<unknown> | undefined;
      try {
        validator = find(method.output);
      } catch (error) {
        return give(failedAnswer(error));
      }
      next(call, (answer) => {
        if (validator === undefined) return give(answer);
        if (isUnaryOutput(method.kind)) return checkOnly(validator, answer, give);
        const { header, messages, ending, failed } = answer;
        const checked = messages.map((message) => response(validator, message));
        give(new Answer(header, checked, ending, failed));
      });
    }),
  );
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
