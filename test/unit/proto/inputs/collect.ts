/** One contract, good or bad, and the files it needs. */
export interface Input {
  readonly title: string;
  /** By path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Adds an input: `text` is `a.proto`, the others stand beside it. */
export type Add = (title: string, text: string, others?: Readonly<Record<string, string>>) => void;

/** The inputs that a function adds. */
export function collect(fill: (add: Add) => void): readonly Input[] {
  const inputs: Input[] = [];
  fill((title, text, others = {}) => inputs.push({ title, files: { "a.proto": text, ...others } }));
  return inputs;
}

export const proto2 = (body: string): string => `syntax = "proto2";\npackage a;\n${body}\n`;
export const proto3 = (body: string): string => `syntax = "proto3";\npackage a;\n${body}\n`;
export const edition2023 = (body: string): string => `edition = "2023";\npackage a;\n${body}\n`;
export const edition2024 = (body: string): string => `edition = "2024";\npackage a;\n${body}\n`;
export const edition2026 = (body: string): string => `edition = "2026";\npackage a;\n${body}\n`;

export const importDescriptor = 'import "google/protobuf/descriptor.proto";\n';

/** A custom option: `extending("File", "optional int32 v = 50001;")`. */
export function extending(element: string, field: string): string {
  return `${importDescriptor}extend google.protobuf.${element}Options { ${field} }\n`;
}
