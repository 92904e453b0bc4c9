import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** A folder with files, removed when the test ends. */
export interface Project {
  /** Absolute. */
  readonly root: string;
  write(path: string, content: string): void;
  read(path: string): string;
  /** All files below a folder, relative to it, sorted, with `/`. */
  list(folder?: string): readonly string[];
  remove(path: string): void;
}

/** Makes a project of files by path. */
export function createProject(files: Readonly<Record<string, string>> = {}): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "wirespan-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const project: Project = {
    root,
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    read: (path) => readFileSync(join(root, path), "utf8"),
    list(folder = ".") {
      const found = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
      return found.filter((path) => statSync(join(root, folder, path)).isFile()).sort();
    },
    remove: (path) => rmSync(join(root, path), { recursive: true, force: true }),
  };
  for (const [path, content] of Object.entries(files)) project.write(path, content);
  return project;
}

/** A small contract with one service. */
export const helloProto = `syntax = "proto3";

package hello.v1;

// Greets people.
service HelloService {
  rpc Greet(GreetRequest) returns (GreetResponse);
}

message GreetRequest {
  string name = 1;
}

message GreetResponse {
  string text = 1;
}
`;
