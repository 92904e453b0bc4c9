/** The kinds of output, in the order in which help texts list them. */
export const generatorIds = ["messages", "rpc", "http", "rest", "events", "openapi", "docs"] as const;

/** Values of `--only`. */
export type GeneratorId = (typeof generatorIds)[number];
