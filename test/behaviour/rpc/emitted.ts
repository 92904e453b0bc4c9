import { readFileSync } from "node:fs";
import { messages } from "../../../src/generators/messages/index.js";
import { rpc } from "../../../src/generators/rpc/index.js";
import type {
  ClientOptions,
  ImplementOptions,
  ServiceChain,
  ServiceInfo,
  ServiceRegistry,
  Transport,
} from "../../../src/runtime/rpc/index.js";
import type { MessageType } from "../../../src/runtime/wire/index.js";
import { emit } from "../../support/emit.js";
import { emittedModules } from "../../support/load-emitted.js";
import { protoFile, type EchoClient, type EchoHandler, type Note, type NoteInit } from "./echo.js";

/** What the generators make of `echo.proto`. */
export interface EmittedEcho {
  readonly Echo: ServiceInfo;
  readonly Note: MessageType<Note, NoteInit>;
  readonly createEchoClient: (transport: Transport, options?: ClientOptions) => EchoClient;
  readonly registerEcho: (registry: ServiceRegistry, handler: EchoHandler, options?: ImplementOptions) => void;
  readonly echoChain: () => ServiceChain<{}, keyof EchoHandler>;
}

/** Emits client and server of `echo.proto` and loads them. */
export async function emitEcho(): Promise<EmittedEcho> {
  const { files, diagnostics } = await emit({ "echo.proto": readFileSync(protoFile, "utf8") }, [messages, rpc]);
  if (diagnostics.length > 0) throw new Error(JSON.stringify(diagnostics));
  const load = emittedModules(files);
  return { ...(await load("echo.pb.ts")), ...(await load("echo.rpc.ts")) } as unknown as EmittedEcho;
}
