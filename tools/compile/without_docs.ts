/**
 * Sources as executables have them: without documentation and comments, which
 * are a quarter of them, and are embedded twice.
 *
 * @module
 */

const DOC = /^ *\/\*\*[\s\S]*?\*\/ *$/gm;
const COMMENT = /^ *\/\/ .*$/gm;

/**
 * Removes documentation, and comments that have a line of their own. Lines keep their numbers: a stack tells of them.
 *
 * @param source A TypeScript file.
 */
export function withoutDocs(source: string): string {
  return source.replaceAll(DOC, (doc) => doc.replaceAll(/[^\n]/g, ""))
    .replaceAll(COMMENT, "");
}

/** Does that with all files of a folder. */
export async function removeDocs(dir: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) await removeDocs(path);
    else if (name.endsWith(".ts")) {
      const source = await Deno.readTextFile(path);
      await Deno.writeTextFile(path, withoutDocs(source));
    }
  }
}
