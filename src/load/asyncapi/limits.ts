/**
 * What one document may ask of us. Far above what people write, low enough that a hostile file costs
 * seconds at most.
 */
export const limits = {
  /** Characters. */
  textLength: 8 * 1024 * 1024,
  /** Collections inside of collections. */
  depth: 200,
  /** Nodes that aliases and merge keys add beyond those written. */
  aliasNodes: 100_000,
  /** Syntax errors reported for one file. */
  syntaxErrors: 20,
} as const;
