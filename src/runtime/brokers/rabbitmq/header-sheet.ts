import { copyHeaders } from "../../queue/index.js";

/** Names that one sheet gets in its life: they come from programs, and must not pile up. */
const maxNames = 64;

/**
 * One object for the headers of all messages, one after the other. amqplib makes what it is given the prototype of
 * another object, and V8 lays out anew each object that becomes a prototype: for headers of their own that costs more
 * than the rest of the message.
 */
export interface HeaderSheet {
  /** Takes away what was written before. */
  clear(): void;
  write(name: string, text: string): void;
  /** Until it is cleared; names without a text are none. */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** An empty sheet. */
export function createHeaderSheet(): HeaderSheet {
  let headers: Record<string, string | undefined> = copyHeaders();
  let names = new Set<string>();
  let written: string[] = [];
  return {
    get headers() {
      return headers;
    },
    clear() {
      if (names.size > maxNames) {
        headers = copyHeaders();
        names = new Set();
      } else {
        for (const name of written) headers[name] = undefined;
      }
      written = [];
    },
    write(name, text) {
      headers[name] = text;
      names.add(name);
      written.push(name);
    },
  };
}
