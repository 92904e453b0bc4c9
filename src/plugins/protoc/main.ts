import { favourShortRun } from "../../short-run.js";
import { toolVersion } from "../../version.js";
import { answerRequest } from "./answer.js";

const usage = `protoc-gen-wirespan is a plugin: protoc and buf start it.

  protoc --wirespan_out=src/gen --wirespan_opt=import_extension=js user.proto
  buf generate      with "local: protoc-gen-wirespan" in buf.gen.yaml
`;

/** Reads a request from stdin, writes the response to stdout; resolves to the exit code. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--version")) {
    process.stdout.write(`${toolVersion()}\n`);
    return 0;
  }
  if (args.length > 0 || process.stdin.isTTY) {
    process.stderr.write(usage);
    return args.includes("--help") ? 0 : 2;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  const { response, warnings } = await answerRequest(Buffer.concat(chunks), process.cwd());
  if (warnings !== "") process.stderr.write(`${warnings}\n`);
  await new Promise<void>((resolve) => process.stdout.write(response, () => resolve()));
  return 0;
}

favourShortRun();
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`wirespan ${toolVersion()} has a bug, please report it:\n${stack}\n`);
  process.exitCode = 70;
}
