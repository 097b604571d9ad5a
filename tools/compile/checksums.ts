/**
 * `SHA256SUMS`: the checksums of a folder's files, in the format of
 * `sha256sum`.
 *
 * @module
 */

/** The file's name. */
export const CHECKSUMS = "SHA256SUMS";

/**
 * Writes the checksums of all files of a folder.
 *
 * @param dir The folder.
 */
export async function writeChecksums(dir: string): Promise<void> {
  const lines: string[] = [];
  for (const path of (await filesIn(dir)).toSorted()) {
    if (path === CHECKSUMS) continue;
    lines.push(`${await sha256(`${dir}/${path}`)}  ${path}\n`);
  }
  await Deno.writeTextFile(`${dir}/${CHECKSUMS}`, lines.join(""));
}

/**
 * The files named in a folder's checksums.
 *
 * @param dir The folder.
 * @returns Their paths relative to the folder; empty when there are no
 * checksums.
 */
export async function summedFiles(dir: string): Promise<string[]> {
  let text: string;
  try {
    text = await Deno.readTextFile(`${dir}/${CHECKSUMS}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
  return text.split("\n").flatMap((line) =>
    /^[0-9a-f]{64} {2}(?!\/)(?!.*\.\.)(.+)$/.exec(line)?.[1] ?? []
  );
}

async function filesIn(dir: string, within = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${within}`)) {
    const path = `${within}${name}`;
    if (isDirectory) files.push(...await filesIn(dir, `${path}/`));
    else files.push(path);
  }
  return files;
}

async function sha256(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(
    new Uint8Array(digest),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
}
