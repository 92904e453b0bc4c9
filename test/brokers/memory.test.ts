import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import { describeBrokerContract } from "./contract.js";

describeBrokerContract("memory broker", () => Promise.resolve(createMemoryBroker()));
