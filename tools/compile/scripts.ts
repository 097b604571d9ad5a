/**
 * Sources as executables have them: JavaScript, without documentation, comments
 * and indentation. Of TypeScript an executable would hold the source, what is
 * made of it, and a map between them, and it reads all that it holds, used or
 * not, whenever it starts.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

const DOC = /^ *\/\*\*[\s\S]*?\*\/ *$/gm;
const COMMENT = /^ *\/\/ .*$/gm;
/** An import of types only would load what it names all the same. */
const EMPTY_IMPORT = /^import\s*\{\s*\}\s*from\s*"[^"]+";/gm;
/** What a file of the project is imported by. */
const SPECIFIER = /(\b(?:from|import)\s*\(?\s*"\.[^"\n]*)\.ts"/g;
const MARGIN = /^[ \t]+|[ \t]+$/gm;
/** A line within which a text of several lines may begin: an odd backtick, or what is put into one and goes on. */
const OPEN_TEMPLATE = /^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$|\$\{[^}\n]*$/m;

/**
 * Makes JavaScript of TypeScript. Lines keep their numbers: a stack tells of
 * them. Spaces at the ends of lines go where no text has lines of its own.
 *
 * @param source A TypeScript file, formatted, with nothing in it that is more than types.
 * @throws {SyntaxError} when there is: an `enum`, a parameter property.
 */
export function scriptOf(source: string): string {
  const script = [DOC, COMMENT, EMPTY_IMPORT]
    .reduce(
      (text, pattern) =>
        text.replaceAll(pattern, (part) => part.replaceAll(/[^\n]/g, "")),
      stripTypeScriptTypes(source),
    )
    .replaceAll(SPECIFIER, '$1.js"');
  return OPEN_TEMPLATE.test(script) ? script : script.replaceAll(MARGIN, "");
}

/** The name of what is made of a file. */
export function scriptName(path: string): string {
  return path.replace(/\.ts$/, ".js");
}

/** Does that with all files of a folder. */
export async function makeScripts(dir: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) await makeScripts(path);
    else if (name.endsWith(".ts")) {
      const source = await Deno.readTextFile(path);
      await Deno.writeTextFile(scriptName(path), scriptOf(source));
      await Deno.remove(path);
    }
  }
}
