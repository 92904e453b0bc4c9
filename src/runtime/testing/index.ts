export { delayed, interrupted } from "./answers.js";
export type { AnswerFunction, FixedAnswer, Planned, TestAnswer } from "./answers.js";
export { createTestClock } from "./clock.js";
export type { TestClock } from "./clock.js";
export { createTestRandom } from "./random.js";
export type { RecordedCall } from "./recorded.js";
export { createTestTransport } from "./transport.js";
export type { TestTransport, TestTransportOptions } from "./transport.js";
