export class MissingTool extends Error {}

/** Why there is no Go here; undefined where there is. */
export function goIsMissing(): string | undefined;
