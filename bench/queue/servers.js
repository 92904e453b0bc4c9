// Servers to measure against, as the tests start theirs: from the environment, else one of the run's own.
import { buildStarters, loadStarter } from "./build.js";

/** Resolves to a server that is used by this run alone. */
export async function startServer(id) {
  const { service } = await import(`./brokers/${id}.js`);
  await buildStarters();
  const { [service.name]: kind } = await loadStarter(service.module);
  const variable = kind.variables.find((name) => (process.env[name] ?? "") !== "");
  if (variable !== undefined) {
    const url = process.env[variable];
    return { url, title: `${kind.title} ${await kind.probe(url)}`, stop: async () => {} };
  }
  const { openTestRun } = await loadStarter("run");
  const run = await openTestRun();
  try {
    if (kind.findBinary() === undefined) await kind.install?.();
    const binary = kind.findBinary();
    if (binary === undefined) throw new Error(`${kind.title} is not installed; or set ${kind.variables[0]}`);
    const server = await kind.start(binary);
    return {
      url: server.url,
      title: `${kind.title} ${server.version}`,
      async stop() {
        await server.stop();
        await run.close();
      },
    };
  } catch (error) {
    await run.close();
    throw error;
  }
}
