/**
 * Copies files and folders.
 *
 * @module
 */

/**
 * Copies a file, or a folder with all that is in it.
 *
 * @param from What.
 * @param to Where it stands then. Folders that are missing are made.
 */
export async function copyTree(from: string, to: string): Promise<void> {
  if ((await Deno.stat(from)).isFile) return await Deno.copyFile(from, to);
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await copyTree(`${from}/${name}`, `${to}/${name}`);
  }
}
