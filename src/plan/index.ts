export { camelCase, lowerCamel, pascalCase, safeIdentifier, safeProperty } from "./identifiers.js";
export { outputStem, relativePath, staysInside } from "./paths.js";
export type { Scope } from "./scope.js";
export { createSymbolTable } from "./symbols.js";
export type {
  ImportSettings,
  PlannedSymbol,
  RuntimeModule,
  SymbolHome,
  SymbolRequest,
  SymbolTable,
} from "./symbols.js";
