import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** How many times the inputs of the test suite are tried, from a seed of the day unless WIRESPAN_FUZZ_SEED gives one. */
const factor = 25;

/** The fuzz tests at length: a case is a test. A failure prints its input, and the seed to run it again with. */
export async function run() {
  const seed = process.env.WIRESPAN_FUZZ_SEED ?? String(Math.floor(Date.now() / 86_400_000));
  process.stderr.write(`WIRESPAN_FUZZ_SEED=${seed}\n`);
  const report = JSON.parse(await vitest({ WIRESPAN_FUZZ: String(factor), WIRESPAN_FUZZ_SEED: seed }));
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.filter(({ status }) => status !== "passed");
  for (const { failureMessages } of failed) process.stderr.write(`${failureMessages.join("\n")}\n`);
  const names = failed.map(({ fullName }) => fullName);
  return { tests: { passed: tests.length - failed.length, failed: names, known: [] } };
}

function vitest(variables) {
  const command = [
    "node_modules/vitest/vitest.mjs",
    "run",
    "test/unit/messages/fuzz.test.ts",
    "test/unit/messages/fuzz-plain.test.ts",
    "test/unit/proto/fuzz.test.ts",
  ];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...command, "--reporter", "json"], {
      cwd: root,
      env: { ...process.env, ...variables },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8");
    child.stdout.on("data", (text) => (output += text));
    child.once("error", reject);
    child.once("close", () => resolve(output.slice(output.indexOf("{"))));
  });
}
