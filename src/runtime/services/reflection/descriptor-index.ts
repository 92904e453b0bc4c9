import { FileDescriptorProto, type DescriptorProto, type FieldDescriptorProto } from "../../wkt/index.js";

/** What can be asked of a server's descriptors. Names are full, without a leading dot. */
export interface DescriptorIndex {
  /** Of the files that were asked for, not of what those import; sorted. */
  readonly services: readonly string[];
  fileOfSymbol(name: string): string | undefined;
  fileOfExtension(extendee: string, number: number): string | undefined;
  /** Ascending; undefined for an unknown message. */
  extensionNumbers(extendee: string): readonly number[] | undefined;
  /** The file, then all that it imports; undefined for an unknown file. */
  withImports(path: string): readonly DescribedFile[] | undefined;
}

export interface DescribedFile {
  readonly path: string;
  /** A `google.protobuf.FileDescriptorProto`. */
  readonly bytes: Uint8Array;
}

interface Entry extends DescribedFile {
  readonly imports: readonly string[];
}

/** Indexes the descriptors of `….desc.ts`: base64, the file that was asked for last. */
export function indexDescriptors(sets: readonly (readonly string[])[]): DescriptorIndex {
  const files = new Map<string, Entry>();
  const symbols = new Map<string, string>();
  const extensions = new Map<string, Map<number, string>>();
  const services = new Set<string>();

  for (const set of sets) {
    for (const [i, text] of set.entries()) {
      const bytes = new Uint8Array(Buffer.from(text, "base64"));
      const file = FileDescriptorProto.decode(bytes);
      const path = file.name ?? "";
      if (i === set.length - 1) for (const { name = "" } of file.service) services.add(join(file.package, name));
      if (files.has(path)) continue;
      files.set(path, { path, bytes, imports: file.dependency });
      addFile(file, path);
    }
  }

  function addFile(file: FileDescriptorProto, path: string): void {
    const add = (scope: string | undefined, name: string | undefined): string => {
      const full = join(scope, name ?? "");
      symbols.set(full, path);
      return full;
    };
    const addExtensions = (scope: string | undefined, list: readonly FieldDescriptorProto[]): void => {
      for (const { name, extendee, number } of list) {
        add(scope, name);
        const key = (extendee ?? "").replace(/^\./, "");
        let numbers = extensions.get(key);
        if (numbers === undefined) extensions.set(key, (numbers = new Map()));
        numbers.set(number ?? 0, path);
      }
    };
    const addEnums = (scope: string | undefined, list: FileDescriptorProto["enumType"]): void => {
      for (const { name, value } of list) {
        add(scope, name);
        // values are siblings of their enum
        for (const one of value) add(scope, one.name);
      }
    };
    const addMessages = (scope: string | undefined, list: readonly DescriptorProto[]): void => {
      for (const message of list) {
        const full = add(scope, message.name);
        for (const { name } of message.field) add(full, name);
        for (const { name } of message.oneofDecl) add(full, name);
        addMessages(full, message.nestedType);
        addEnums(full, message.enumType);
        addExtensions(full, message.extension);
      }
    };
    addMessages(file.package, file.messageType);
    addEnums(file.package, file.enumType);
    addExtensions(file.package, file.extension);
    for (const { name, method } of file.service) {
      const full = add(file.package, name);
      for (const one of method) add(full, one.name);
    }
  }

  return {
    services: [...services].sort(),
    fileOfSymbol: (name) => symbols.get(name),
    fileOfExtension: (extendee, number) => extensions.get(extendee)?.get(number),
    extensionNumbers(extendee) {
      const numbers = extensions.get(extendee);
      if (numbers === undefined) return symbols.has(extendee) ? [] : undefined;
      return [...numbers.keys()].sort((a, b) => a - b);
    },
    withImports(path) {
      if (!files.has(path)) return undefined;
      const found = new Map<string, DescribedFile>();
      const waiting = [path];
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const file = files.get(next);
        if (file === undefined || found.has(next)) continue;
        found.set(next, file);
        waiting.push(...file.imports);
      }
      return [...found.values()];
    },
  };
}

function join(scope: string | undefined, name: string): string {
  return scope === undefined || scope === "" ? name : `${scope}.${name}`;
}
