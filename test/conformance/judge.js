/**
 * Whether a suite's result is good. `parts` are the stated totals; `result` has for each part the number of cases that
 * passed, the names of those that failed, and the names that were known to fail.
 */
export function judge(name, parts, result) {
  const lines = [];
  let holds = true;
  for (const [part, total] of Object.entries(parts)) {
    const { passed = 0, failed = [], known = [] } = Object.hasOwn(result, part) ? result[part] : {};
    const ran = passed + failed.length;
    lines.push(`conformance ${name}, ${part}: ${passed} of ${total} cases passed`);
    const unexpected = failed.filter((test) => !known.includes(test));
    const stale = known.filter((test) => !failed.includes(test));
    for (const test of unexpected) lines.push(`  failed: ${test}`);
    for (const test of stale) lines.push(`  passes now, take it off the list: ${test}`);
    if (ran < total) lines.push(`  only ${ran} of ${total} cases ran`);
    if (ran < total || unexpected.length > 0 || stale.length > 0) holds = false;
  }
  return { lines, holds };
}
