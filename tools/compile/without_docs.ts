/**
 * Strips sources for executables: removes documentation, comments, interfaces,
 * types and indentation, a third of the text that no machine needs. Uses
 * patterns, because older compilers, which must run this as well, have no
 * `stripTypeScriptTypes`.
 *
 * @module
 */

const DOC = /^ *\/\*\*[\s\S]*?\*\/ *$/gm;
const COMMENT = /^ *\/\/ .*$/gm;
const TYPE_IMPORT = /^import type [^;]*;$/gm;
const TYPE = /^(?:export )?type [^=\n]* = [^\n]*;$/gm;
/**
 * Ends with the first line of its own indentation that ends with a semicolon.
 */
const LONG_TYPE =
  /^(?:export )?type [^\n]* =\n(?:(?: {4}[^\n]*| {2}(?! )[^\n]*[^;\n]|)\n)* {2}(?! )[^\n]*;$/gm;
const INTERFACE = /^(?:export )?interface [^\n]*\{\n[\s\S]*?^\}$/gm;
const INDENTATION = /^ +/gm;
/**
 * A line in which a multi-line template may begin: an odd number of backticks,
 * or an unclosed substitution.
 */
const OPEN_TEMPLATE = /^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$|\$\{[^}\n]*$/m;

/**
 * Removes documentation, whole-line comments, interfaces, types and imports of
 * types, and also the indentation if no template has several lines. Keeps line
 * numbers for stack traces.
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

/** Strips all files of a folder. */
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
