import type { JudgedCopy } from "./judged-copy.js";

/** What the official parser found, in plain data. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly path: readonly string[];
  /** Name of the file it is in. */
  readonly file: string;
}

/**
 * The errors that @asyncapi/parser finds. It is imported here and only here, when it is needed: that costs more than
 * all else of a run. It sees the files it is given; whatever else it asks for is an empty object, so that neither
 * disk nor network is touched.
 *
 * @throws when the parser itself breaks down, which says nothing about the document.
 */
export async function askOfficialParser({ files }: JudgedCopy): Promise<readonly Finding[]> {
  const [{ Parser }, { AvroSchemaParser }, { OpenAPISchemaParser }] = await Promise.all([
    import("@asyncapi/parser"),
    import("@asyncapi/avro-schema-parser"),
    import("@asyncapi/openapi-schema-parser"),
  ]);
  const [first] = files;
  if (first === undefined) return [];
  const texts = new Map(files.map(({ name, json }) => [name, JSON.stringify(json)]));
  const read = (uri: { toString(): string }): string => texts.get(nameOf(uri.toString())) ?? "{}";
  const parser = new Parser({
    schemaParsers: [AvroSchemaParser(), OpenAPISchemaParser()],
    __unstable: {
      // a resolver that always answers keeps those of the parser, which read disk and network, from being asked
      resolver: { resolvers: ["file", "http", "https"].map((schema) => ({ schema, order: 1, canRead: true, read })) },
    },
  });
  const found = await parser.validate(texts.get(first.name) ?? "{}", { source: `/${first.name}` });
  const broken = found.find(({ code }) => code === "uncaught-error");
  if (broken !== undefined) throw new Error(/message: (.*?),? stack:/.exec(broken.message)?.[1] ?? "of itself");
  const error = 0;
  return found
    .filter(({ severity }) => Number(severity) === error)
    .map(({ code, message, path, source }) => ({
      rule: String(code),
      message,
      path: path.map(String),
      file: source === undefined ? first.name : nameOf(source),
    }));
}

/** Of a copy: the last part of its path. */
function nameOf(uri: string): string {
  return uri.slice(uri.lastIndexOf("/") + 1);
}
