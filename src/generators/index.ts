import { docs } from "./docs/index.js";
import { events } from "./events/index.js";
import type { Generator } from "./generator.js";
import { http } from "./http/index.js";
import { messages } from "./messages/index.js";
import { openapi } from "./openapi/index.js";
import { rest } from "./rest/index.js";
import { rpc } from "./rpc/index.js";

/** Every generator, in the order in which their symbols are declared. Help texts and the config schema derive from it. */
export const generators: readonly Generator[] = [messages, rpc, http, rest, events, openapi, docs];
