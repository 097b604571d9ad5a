/**
 * Turns sources into JavaScript for executables, without documentation, comments
 * and indentation. Of TypeScript an executable would hold the source, the
 * JavaScript and a source map, and it reads all of its contents at every start.
 *
 * @module
 */

import { stripTypeScriptTypes } from "node:module";

const DOC = /^ *\/\*\*[\s\S]*?\*\/ *$/gm;
const COMMENT = /^ *\/\/ .*$/gm;
/** What is left of an import of types only would still load the file. */
const EMPTY_IMPORT = /^import\s*\{\s*\}\s*from\s*"[^"]+";/gm;
/** The specifier of a file of the project. */
const SPECIFIER = /(\b(?:from|import)\s*\(?\s*"\.[^"\n]*)\.ts"/g;
const MARGIN = /^[ \t]+|[ \t]+$/gm;
/**
 * A line in which a multi-line template may begin: an odd number of backticks,
 * or an unclosed substitution.
 */
const OPEN_TEMPLATE = /^[^`\n]*`(?:[^`\n]*`[^`\n]*`)*[^`\n]*$|\$\{[^}\n]*$/m;

/**
 * Removes types, documentation and whole-line comments, and also the indentation
 * if no template has several lines. Keeps line numbers for stack traces.
 *
 * @param source A TypeScript file, formatted.
 * @throws {SyntaxError} when more than types would have to go: an `enum`, a
 * parameter property.
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

/** The name of the JavaScript file for a TypeScript file. */
export function scriptName(path: string): string {
  return path.replace(/\.ts$/, ".js");
}

/** Replaces all TypeScript files of a folder. */
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
