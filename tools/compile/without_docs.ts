/**
 * Sources as executables have them: without documentation, comments,
 * interfaces, types and indentation, which are a third of them and say nothing to a machine. By
 * patterns, since older compilers, which this runs on too, have no
 * `stripTypeScriptTypes`.
 *
 * @module
 */

const DOC = /^ *\/\*\*[\s\S]*?\*\/ *$/gm;
const COMMENT = /^ *\/\/ .*$/gm;
const TYPE_IMPORT = /^import type [^;]*;$/gm;
const TYPE = /^(?:export )?type [^=\n]* = [^\n]*;$/gm;
/** It ends with the first line of its own indentation that ends with a semicolon. */
const LONG_TYPE =
  /^(?:export )?type [^\n]* =\n(?:(?: {4}[^\n]*| {2}(?! )[^\n]*[^;\n]|)\n)* {2}(?! )[^\n]*;$/gm;
const INTERFACE = /^(?:export )?interface [^\n]*\{\n[\s\S]*?^\}$/gm;
const INDENTATION = /^ +/gm;
/** A line within which a text of several lines may begin: an odd backtick, or what is put into one and goes on. */
const OPEN_TEMPLATE = /^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$|\$\{[^}\n]*$/m;

/**
 * Removes documentation, comments that have a line of their own, interfaces,
 * types and imports of types, and the indentation where no text has lines of its own.
 * Lines keep their numbers: a stack tells of them.
 *
 * @param source A TypeScript file, formatted.
 */
export function withoutDocs(source: string): string {
  const bare = [DOC, COMMENT, TYPE_IMPORT, INTERFACE, TYPE, LONG_TYPE].reduce(
    (text, pattern) =>
      text.replaceAll(pattern, (part) => part.replaceAll(/[^\n]/g, "")),
    source,
  );
  return OPEN_TEMPLATE.test(bare) ? bare : bare.replaceAll(INDENTATION, "");
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
