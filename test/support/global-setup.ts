import { precompileTemplates } from "../../scripts/templates.js";
import { openTestRun } from "./services/run.js";

/** Tests run the sources: templates must be compiled first. Servers start when a test asks and stop with the run. */
export default async function setup(): Promise<() => Promise<void>> {
  await precompileTemplates();
  const run = await openTestRun();
  return () => run.close();
}
