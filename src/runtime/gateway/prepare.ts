import type { MethodImplementation, MethodInfo } from "../rpc/index.js";
import type { JsonOptions } from "../wire/index.js";
import type { ReplyContext } from "./reply.js";
import type { HttpRoute, RouteSet } from "./route.js";
import { type ResolvedRoute, resolveRoute } from "./template.js";
import { type RequestReader, createRequestReader } from "./transcode.js";

/** A route with what answers it. */
export interface PreparedRoute extends ResolvedRoute {
  readonly info: MethodInfo;
  readonly implementation: MethodImplementation;
  readonly read: RequestReader;
  readonly reply: ReplyContext;
}

/** @throws when the service has no such method. */
export function prepareRoute(
  set: RouteSet,
  route: HttpRoute,
  json: JsonOptions,
  ignoreUnknownQuery: boolean,
): PreparedRoute {
  const info = Object.values(set.service.methods).find(({ name }) => name === route.method);
  const implementation = set.methods.get(route.method);
  if (info === undefined || implementation === undefined) {
    throw new Error(`${set.service.typeName} has no method ${route.method}`);
  }
  const resolved = resolveRoute(route);
  return {
    ...resolved,
    info,
    implementation,
    read: createRequestReader(resolved, info.input, { json, ignoreUnknownQuery }),
    reply: { route: resolved, output: info.output, json },
  };
}
