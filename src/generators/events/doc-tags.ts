/** What of a channel or operation becomes tags of its comment. */
export interface Tagged {
  readonly tags: readonly string[];
  readonly deprecated: boolean;
}

/** TSDoc tags. A comment that says nothing but its tags would be noise: those go then, `@deprecated` stays. */
export function docTags({ tags, deprecated }: Tagged, described: boolean): readonly string[] {
  const listed = described && tags.length > 0 ? [`@remarks Tags: ${tags.join(", ")}`] : [];
  return deprecated ? [...listed, "@deprecated"] : listed;
}
