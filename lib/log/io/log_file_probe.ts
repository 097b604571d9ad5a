/**
 * Finds out whether a log file can be written, without writing to it.
 *
 * @module
 */

/**
 * Checks a log file.
 *
 * @param path Absolute path.
 * @returns Why it can't be written; `undefined`: it can.
 */
export async function findLogFileTrouble(
  path: string,
): Promise<string | undefined> {
  try {
    const { isDirectory, isFile } = await Deno.stat(path);
    if (isDirectory) return "it is a folder";
    // Opening a pipe may wait for its reader.
    if (isFile) (await Deno.open(path, { append: true })).close();
    return undefined;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) return reasonOf(error);
  }
  const dir = path.slice(0, path.lastIndexOf("/")) || "/";
  try {
    await Deno.remove(await Deno.makeTempFile({ dir, prefix: ".f2bc_" }));
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? `there is no ${dir}`
      : reasonOf(error);
  }
}

/** Without the path, which the caller knows. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  return error.message.replace(/ \(os error \d+\).*$/s, "");
}
