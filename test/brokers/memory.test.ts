import { createMemoryBroker } from "../../src/runtime/brokers/memory.js";
import { describeBroker } from "./suite.js";

describeBroker({
  id: "memory",
  title: "memory broker",
  mission: "M31",
  url: "",
  connect: () => Promise.resolve(createMemoryBroker()),
  clientModule: undefined,
});
