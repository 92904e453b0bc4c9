import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The repository; what lies below it resolves `@wirespan/runtime` as users do. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** The strictest settings a user may have. */
const strictest = {
  noEmit: true,
  target: "ES2022",
  lib: ["ES2023"],
  types: [],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  isolatedDeclarations: true,
  declaration: true,
  erasableSyntaxOnly: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  noImplicitReturns: true,
  noImplicitOverride: true,
  noFallthroughCasesInSwitch: true,
  noPropertyAccessFromIndexSignature: true,
  skipLibCheck: true,
};

/** The newest TypeScript and the oldest that emitted code supports. */
export const compilers: readonly { readonly version: string; readonly bin: string }[] = [
  { version: "7", bin: join(root, "node_modules/typescript/bin/tsc") },
  { version: "5.9", bin: join(root, "node_modules/typescript59/bin/tsc") },
];

export const resolutions: readonly { readonly module: string; readonly moduleResolution: string }[] = [
  { module: "NodeNext", moduleResolution: "NodeNext" },
  { module: "ESNext", moduleResolution: "bundler" },
];

/** Type-checks files in a folder below the repository and returns what the compiler printed: nothing when all is well. */
export async function compile(
  scratch: string,
  include: readonly string[],
  { compiler = compilers[0], resolution = resolutions[0], options = {} }: CompileOptions = {},
): Promise<string> {
  const config = join(scratch, `tsconfig.${compiler?.version}.${resolution?.moduleResolution}.json`);
  await writeFile(config, JSON.stringify({ compilerOptions: { ...strictest, ...resolution, ...options }, include }));
  const { stdout } = await run(process.execPath, [compiler?.bin ?? "", "-p", config], {
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout?: string; message: string }) => ({ stdout: error.stdout || error.message }));
  return stdout;
}

interface CompileOptions {
  readonly compiler?: (typeof compilers)[number] | undefined;
  readonly resolution?: (typeof resolutions)[number] | undefined;
  /** More compiler options, by name. */
  readonly options?: Readonly<Record<string, unknown>>;
}
