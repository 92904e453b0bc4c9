export { readDescriptors, type DescriptorInput } from "./read-files.js";
export { decodeFileSet, decodeRequest, encodeResponse, type PluginRequest } from "./request.js";
