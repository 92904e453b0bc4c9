export { isAny, packAny, unpackAny } from "./any.js";
export { durationFromMs, durationToMs } from "./duration.js";
export * from "./messages.pb.js";
export { structFromObject, structToObject, valueFromJsonValue, valueToJsonValue } from "./struct.js";
export { timestampFromDate, timestampNow, timestampToDate } from "./timestamp.js";
export * from "./timestamp-forms.js";
