/** Words that no binding of a module may be called: reserved in strict mode, or with a meaning of their own there. */
const reservedWords: ReadonlySet<string> = new Set(
  (
    "abstract any arguments as asserts async await bigint boolean break case catch class const continue debugger " +
    "declare default delete do else enum eval export extends false finally for from function get if implements " +
    "import in infer instanceof interface is keyof let module namespace never new null number object of package " +
    "private protected public readonly require return set static string super switch symbol this throw true try " +
    "type typeof undefined unique unknown var void while with yield Infinity NaN globalThis"
  ).split(" "),
);

/** Property names that every object inherits, or that JSON.stringify calls. */
const inheritedMembers: ReadonlySet<string> = new Set([
  "constructor",
  "toString",
  "toLocaleString",
  "valueOf",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toJSON",
  "__proto__",
]);

/** A name of the characters that identifiers have; one of `taken` gets the suffix `$`. */
function clean(name: string, taken: ReadonlySet<string>): string {
  const cleaned = name.replace(/[^A-Za-z0-9_$]/g, "_");
  const started = /^[0-9]/.test(cleaned) || cleaned === "" ? `_${cleaned}` : cleaned;
  return taken.has(started) ? `${started}$` : started;
}

/**
 * The one way from a schema's name to an identifier of emitted code: characters that no identifier has become `_`,
 * reserved words get the suffix `$`.
 */
export function safeIdentifier(name: string): string {
  return clean(name, reservedWords);
}

/** The one way from a schema's name to a property of an emitted interface, unquoted. */
export function safeProperty(name: string): string {
  return clean(name, inheritedMembers);
}

/** protoc's lowerCamel: `user_id` → `userId`, `_a` → `A`. Letters that do not follow an underscore stay. */
export function lowerCamel(name: string): string {
  return name.replace(/_+(.)?/g, (_, next: string | undefined) => (next ?? "").toUpperCase());
}

/** Words of any name joined: `user.created`, `user-created`, `User created` → `userCreated`; `URLShort` → `urlShort`. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  // a capital that was made here is no abbreviation: aB stays aB
  const abbreviation = /^[^A-Za-z0-9]*[A-Z]/.test(name) ? /^[A-Z0-9]+(?![a-z])/.exec(pascal)?.[0].length : undefined;
  const head = abbreviation ?? 1;
  return pascal.slice(0, head).toLowerCase() + pascal.slice(head);
}

/** Words of any name joined, each with a capital: `user.created` → `UserCreated`. */
export function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => (word[0] ?? "").toUpperCase() + word.slice(1))
    .join("");
}
