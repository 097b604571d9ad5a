/**
 * Parses the text of a configuration file into sections of plain strings.
 *
 * It takes two steps: {@link plainIni} makes sections of quoted values, one a
 * line, and `@std/ini` parses these.
 *
 * @module
 */

import { parse } from "@std/ini/parse";
import type { ConfigProblem } from "../base/errors.ts";
import { LINE_BREAKS, LINE_MARKS, plainIni } from "./plain_ini.ts";

/** A value without quotes and comments, and the line of its key. */
export interface IniValue {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A section. */
export interface IniSection {
  /** The line of its first heading, counted from 1. */
  readonly line: number;
  /** By key, in lower case; without values that could not be read. */
  readonly values: ReadonlyMap<string, IniValue>;
}

/** The sections of a file, and its problems. */
export interface IniText {
  /** By name, as written. */
  readonly sections: ReadonlyMap<string, IniSection>;
  /** Without values, which could be secrets. */
  readonly problems: readonly ConfigProblem[];
}

const LINE_MARK = new RegExp(`[${LINE_MARKS}]`, "g");

/**
 * Parses the text of a configuration file; `plain_ini.ts` defines the grammar.
 *
 * @param file Its path, for problems.
 * @param text Its text.
 * @returns Every section and value that could be read, and every problem.
 *
 * @example
 * ```ts
 * import { parseIniText } from "./ini_text.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const { sections } = parseIniText("a.conf", '[monitor]\nauth = 1 # on\nname: "a # b"');
 * strictEqual(sections.get("monitor")?.values.get("auth")?.text, "1");
 * strictEqual(sections.get("monitor")?.values.get("name")?.text, "a # b");
 * ```
 */
export function parseIniText(file: string, text: string): IniText {
  const { plain, headings, keys, problems } = plainIni(file, text);
  const parsed = parse<Record<string, Record<string, string>>>(plain);
  const sections = new Map<string, IniSection>();
  for (const [name, { line }] of headings) {
    const values = new Map<string, IniValue>();
    for (const [key, value] of Object.entries(parsed[name] ?? {})) {
      const place = keys.get(`${name}.${key}`);
      values.set(key, {
        text: withLineBreaks(value),
        line: place?.line ?? line,
      });
    }
    sections.set(name, { line, values });
  }
  return { sections, problems };
}

/** Restores the line breaks that plain INI represents by other characters. */
function withLineBreaks(value: string): string {
  return value.replace(
    LINE_MARK,
    (mark) => LINE_BREAKS[LINE_MARKS.indexOf(mark)] ?? mark,
  );
}

/**
 * Writes a value so that {@link parseIniText} reads the same text again.
 *
 * @param text The value; each of its lines is written on a line of its own. The
 * only control characters allowed are line feed and tab.
 *
 * @example
 * ```ts
 * import { quoteIniValue } from "./ini_text.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(quoteIniValue("tcp://*:5680"), "tcp://*:5680");
 * strictEqual(quoteIniValue('50 % # "x"'), '"50 %% # ""x"""');
 * ```
 */
export function quoteIniValue(text: string): string {
  return text.split("\n").map((line) => {
    const escaped = line.replaceAll("%", "%%");
    const isPlain = line !== "" && !/^[ \t"#;]|[ \t](?:[#;]|$)/.test(line);
    return isPlain ? escaped : `"${escaped.replaceAll('"', '""')}"`;
  }).join("\n    ");
}
