/** In a URL between the scheme, or the beginning of a word, and the host. */
const userInURL = /([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/"'`<>]*@/gi;
const userAlone = /(^|[\s"'`])[^\s"'`/:@]{1,200}:[^\s"'`/:@][^\s"'`/@]{0,200}@(?=[\w[{])/g;
const secretQuery = /([?&][^\s=&#"'`]*(?:token|key|secret|pass|pwd|sig|auth|credential)[^\s=&#"'`]*=)[^\s&#"'`]+/gi;

/**
 * The text without what lets others in: user and password before a host, values of a query that are called tokens or
 * keys. Contracts and what is said about them end in logs.
 *
 * @param fill What stands in its place; of the same length where columns matter.
 */
export function hideSecrets(text: string, fill: (secret: string) => string = () => "***"): string {
  if (!text.includes("@") && !text.includes("=")) return text;
  const hide = (whole: string, kept: string): string => {
    const end = whole.endsWith("@") ? "@" : "";
    return `${kept}${fill(whole.slice(kept.length, whole.length - end.length))}${end}`;
  };
  return text.replace(userInURL, hide).replace(userAlone, hide).replace(secretQuery, hide);
}
