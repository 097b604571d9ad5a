/**
 * Stands in for `@std/ini/parse` where JSR can't be reached, for the part of
 * it that this project uses: sections of quoted values.
 *
 * Like the original it takes what stands between the first and the last quote
 * of a line as it is: quotes and backslashes inside are no escapes. npm's `ini`
 * does decode those, so it can't do this work. A line that the original would
 * read in another way than as a section, a comment or a quoted value is refused,
 * so that nobody comes to rely on what is not here.
 *
 * @see {@link https://jsr.io/@std/ini | @std/ini}
 * @module
 */

const BLANK_OR_COMMENT = /^(?:[#;].*)?$/s;
const SECTION = /^\[([A-Za-z][A-Za-z0-9_-]*(?::[A-Za-z0-9_-]+)?)\]$/;
// As in the original, no value goes past U+2028 or U+2029.
const QUOTED_VALUE = /^([A-Za-z][A-Za-z0-9_-]*) *= *"(.*)"$/;

/**
 * Reads sections of quoted values.
 *
 * @param text Lines of `[section]`, `key = "value"` and comments.
 * @returns The sections, or the values where no section was begun, by name. A
 * key that is repeated has its last value.
 * @throws {SyntaxError} on any other line, and on a section whose name was
 * there before.
 *
 * @example
 * ```ts
 * import { parse } from "@std/ini/parse";
 * import { strictEqual } from "node:assert/strict";
 *
 * const parsed = parse<{ monitor: { auth: string } }>('[monitor]\nauth = "true"');
 * strictEqual(parsed.monitor.auth, "true");
 * ```
 */
export function parse<T extends object>(text: string): T {
  const root = new Map<string, unknown>();
  let values = root;
  const sections = new Map<string, Map<string, unknown>>();
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    if (BLANK_OR_COMMENT.test(line)) continue;
    const name = SECTION.exec(line)?.[1];
    const [, key, value] = QUOTED_VALUE.exec(line) ?? [];
    if (name !== undefined && !sections.has(name) && !root.has(name)) {
      sections.set(name, values = new Map());
    } else if (key !== undefined) values.set(key, value);
    else {
      throw new SyntaxError(
        `Cannot parse INI line ${index + 1}: it is not in the stand-in's part`,
      );
    }
  }
  for (const [name, section] of sections) {
    root.set(name, Object.fromEntries(section));
  }
  return Object.fromEntries(root) as T;
}
