/** Formats a file with the user's prettier settings. Loads prettier, which costs twice an empty start of Node. */
export async function formatWithPrettier(path: string, content: string): Promise<string> {
  const prettier = await import("prettier");
  const options = await prettier.resolveConfig(path, { editorconfig: true });
  const info = await prettier.getFileInfo(path);
  if (info.inferredParser === null) return content;
  return prettier.format(content, { ...options, filepath: path });
}
