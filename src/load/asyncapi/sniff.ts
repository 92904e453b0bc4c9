const yamlKey = /^(?:\uFEFF)?(?:asyncapi|"asyncapi"|'asyncapi')[ \t]*:/m;
const jsonKey = /[{,]\s*"asyncapi"\s*:\s*["\d]/;

/** True when a text looks like an AsyncAPI document, broken ones included. Cheap: it parses nothing. */
export function isAsyncApi(text: string, file: string): boolean {
  if (!/\.(ya?ml|json)$/i.test(file)) return false;
  return yamlKey.test(text) || (/^\uFEFF?\s*\{/.test(text) && jsonKey.test(text));
}
