/**
 * For what a test needs and the project installs itself: one visible line where it is absent, for the test to be
 * skipped; under `CI=true` that is an error. Gives false.
 *
 * @example const haveIt = existsSync(path) || absent("the suite of protobuf, which npm ci installs");
 */
export function absent(what: string): false {
  const line = `there is no ${what}`;
  if (process.env["CI"] === "true") throw new Error(line);
  console.warn(`skipped: ${line}`);
  return false;
}
