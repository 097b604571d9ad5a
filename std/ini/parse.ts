/**
 * Stands in for `@std/ini/parse` where JSR can't be reached, for the part of
 * it that this project uses: sections of quoted values.
 *
 * The text is read by npm's `ini`, which differs from `@std/ini` in nested
 * section names, list keys and escapes. Text in which the two could differ is
 * refused, so that nobody comes to rely on the stand-in.
 *
 * @see {@link https://jsr.io/@std/ini | @std/ini}
 * @module
 */

// @ts-types="npm:@types/ini@4.1.1"
import { parse as parseWithIni } from "ini";

const BLANK_OR_COMMENT = /^(?:[#;].*)?$/;
const SECTION = /^\[([A-Za-z][A-Za-z0-9_-]*)\]$/;
const QUOTED_VALUE =
  /^([A-Za-z][A-Za-z0-9_-]*)[ ]*=[ ]*"[^"\\\p{Cc}\p{Zl}\p{Zp}]*"$/u;

/**
 * Reads sections of quoted values.
 *
 * @param text Lines of `[section]`, `key = "value"` and comments.
 * @returns The sections, or the values where no section was begun, by name.
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
  const names = new Set<string>();
  let section: string | undefined;
  for (const [index, line] of text.split(/\r\n|\r|\n/).entries()) {
    const heading = SECTION.exec(line)?.[1];
    const key = QUOTED_VALUE.exec(line)?.[1];
    const isNew = heading !== undefined && !names.has(heading);
    const name = heading ?? (section === undefined ? key : undefined);
    section = heading ?? section;
    if (name !== undefined) names.add(name);
    if (!isNew && key === undefined && !BLANK_OR_COMMENT.test(line)) {
      throw new SyntaxError(
        `Cannot parse INI line ${index + 1}: it is not in the stand-in's part`,
      );
    }
  }
  return onlyText(parseWithIni(text)) as T;
}

/** `ini` makes booleans and null of quoted words as well; @std/ini does not. */
function onlyText(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [
      key,
      typeof value === "object" && value !== null
        ? onlyText(value as Record<string, unknown>)
        : String(value),
    ]),
  );
}
