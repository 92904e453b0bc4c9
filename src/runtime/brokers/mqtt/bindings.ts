import { recordOf, type ServerInfo } from "../../queue/index.js";
import type { LastWill, MqttOptions } from "../mqtt.js";

/** What bindings of a server say about connections. */
export type BoundOptions = Pick<MqttOptions, "clientId" | "keepaliveSeconds" | "sessionExpirySeconds" | "will"> & {
  /** Bytes of the largest packet that the server may send. */
  readonly maximumPacketSize?: number;
};

/** Reads the `mqtt` bindings of a server; what is none of their values is as if it were not there. */
export function optionsOfServer(bindings: ServerInfo["bindings"]): BoundOptions {
  const mqtt = recordOf(bindings["mqtt"]);
  const { clientId } = mqtt;
  const keepaliveSeconds = wholeOf(mqtt["keepAlive"], 0);
  // `cleanSession` is 3.1.1's word for a session that ends with its connection
  const sessionExpirySeconds =
    wholeOf(mqtt["sessionExpiryInterval"], 0) ?? (mqtt["cleanSession"] === true ? 0 : undefined);
  const maximumPacketSize = wholeOf(mqtt["maximumPacketSize"], 1);
  const will = willOf(mqtt["lastWill"]);
  return {
    ...(typeof clientId === "string" && clientId !== "" ? { clientId } : {}),
    ...(keepaliveSeconds === undefined ? {} : { keepaliveSeconds }),
    ...(sessionExpirySeconds === undefined ? {} : { sessionExpirySeconds }),
    ...(maximumPacketSize === undefined ? {} : { maximumPacketSize }),
    ...(will === undefined ? {} : { will }),
  };
}

function willOf(value: unknown): LastWill | undefined {
  const { topic, message, qos, retain } = recordOf(value);
  if (typeof topic !== "string" || topic === "") return undefined;
  return {
    topic,
    body: typeof message === "string" ? message : "",
    ...(qos === 1 || qos === 2 ? { qos } : {}),
    retain: retain === true,
  };
}

function wholeOf(value: unknown, least: number): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= least ? value : undefined;
}
