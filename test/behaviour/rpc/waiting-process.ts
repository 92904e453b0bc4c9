import { createServiceClient, isRpcError } from "../../../src/runtime/rpc/index.js";
import { createHttp2Transport } from "../../../src/runtime/transports/http2.js";
import { Echo, type EchoClient } from "./echo.js";

// Calls a port where nobody listens, again and again, with nothing else to keep the process alive.
const client = createServiceClient<EchoClient>(Echo, createHttp2Transport(process.argv[2] ?? ""));
for (let i = 0; i < 3; i++) {
  await client.say({}).catch((error: unknown) => console.log(isRpcError(error) ? error.code : error));
}
console.log("over");
