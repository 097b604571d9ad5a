/**
 * Converts a configuration file to INI that `@std/ini` parses as strings only.
 *
 * ```abnf
 * file    = *(blank / comment / section / setting)
 * comment = *WSP ("#" / ";") text
 * section = *WSP "[" name "]" [WSP comment]
 * setting = *WSP key *WSP ("=" / ":") *WSP [value] [WSP comment] *(more)
 * more    = 1*WSP value [WSP comment]      ; indented deeper than its key
 * value   = bare / DQUOTE *(quoted-char / 2DQUOTE) DQUOTE
 * name    = word [":" 1*64(ALPHA / DIGIT / "_" / "-")]
 * word    = ALPHA *63(ALPHA / DIGIT / "_" / "-")
 * key     = ALPHA *63(ALPHA / DIGIT / "_")   ; case does not count
 * ```
 *
 * This is the grammar of Python's configparser, which the original and fail2ban
 * use, but strict: a repeated key is rejected. A section that is named again
 * continues, so that a few lines can be appended to a file. A `#` or `;` begins
 * a comment at the start of a value or after a space, but never inside quotes.
 * `%%` means `%`; any other `%` is rejected, because configparser would
 * interpolate there. The lines of a value are joined by line feeds; an empty
 * first line is dropped.
 *
 * `@std/ini` supports neither comments behind a value nor values of several
 * lines. It converts bare values to numbers and booleans (`true`, `00123`,
 * `1e3`), and a repeated section replaces the first one. So it gets each
 * section once, and each value on one line and in quotes, of which it removes
 * the outer ones.
 *
 * @see {@link https://docs.python.org/3/library/configparser.html | configparser}
 * @module
 */

import type { ConfigProblem } from "../base/errors.ts";

/** The INI for `@std/ini`, and facts that it can't report. */
export interface PlainIni {
  /**
   * Sections of `key = "value"`, with {@link LINE_MARKS} in place of
   * {@link LINE_BREAKS}.
   */
  readonly plain: string;
  /** The first heading of each section. */
  readonly headings: ReadonlyMap<string, IniPlace>;
  /** Each key, by `section.key`. */
  readonly keys: ReadonlyMap<string, IniPlace>;
  /** Without values, which could be secrets. */
  readonly problems: readonly ConfigProblem[];
}

/** A position in the file. */
export interface IniPlace {
  /** Counted from 1. */
  readonly line: number;
}

interface Setting extends IniPlace {
  /** `section.key`; only the key if the heading is missing or invalid. */
  readonly name: string;
  readonly key: string;
  readonly indent: number;
  readonly parts: string[];
  isBroken: boolean;
}

interface Section extends IniPlace {
  readonly settings: Setting[];
}

interface Scan {
  readonly file: string;
  readonly sections: Map<string, Section>;
  /** By `section.key`. */
  readonly settings: Map<string, Setting>;
  readonly problems: ConfigProblem[];
  section: string | undefined;
  current: Setting | undefined;
  /**
   * Whether the missing or invalid heading of the current settings was
   * reported.
   */
  isHomeless: boolean;
}

/** The characters that end a line for `@std/ini`. */
export const LINE_BREAKS = "\n\u2028\u2029";
/** Their substitutes: control characters, which no file may contain. */
export const LINE_MARKS = "\u001C\u001D\u001E";

const MAX_LINE_LENGTH = 4096;
const SECTION =
  /^\[([A-Za-z][A-Za-z0-9_-]{0,63}(?::[A-Za-z0-9_-]{1,64})?)\](?:[ \t]*[#;].*)?$/s;
const SETTING = /^([A-Za-z][A-Za-z0-9_]{0,63})[ \t]*[=:](.*)$/s;
const QUOTED = /^"((?:[^"]|"")*)"(?:[ \t]+[#;].*)?$/s;
const CONTROL = /[^\P{Cc}\t]|\p{Cs}/u;

/**
 * Rewrites a file so that `@std/ini` parses it as intended.
 *
 * @param file Its path, for problems.
 * @param text Its text.
 *
 * @example
 * ```ts
 * import { plainIni } from "./plain_ini.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const { plain } = plainIni("a.conf", "[monitor]\nAuth: 1 # on\nname = a\n  b");
 * strictEqual(plain, '[monitor]\nauth = "1"\nname = "a\u001Cb"\n');
 * ```
 */
export function plainIni(file: string, text: string): PlainIni {
  const scan: Scan = {
    file,
    sections: new Map(),
    settings: new Map(),
    problems: [],
    section: undefined,
    current: undefined,
    isHomeless: false,
  };
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  for (const [index, line] of body.split(/\r?\n/).entries()) {
    scanLine(scan, line, index + 1);
  }
  return {
    plain: plainText(scan.sections),
    headings: scan.sections,
    keys: scan.settings,
    problems: scan.problems,
  };
}

function plainText(sections: ReadonlyMap<string, Section>): string {
  const lines: string[] = [];
  for (const [name, { settings }] of sections) {
    lines.push(`[${name}]\n`);
    for (const { key, parts, isBroken } of settings) {
      if (!isBroken) lines.push(`${key} = "${onOneLine(parts)}"\n`);
    }
  }
  return lines.join("");
}

function onOneLine(parts: readonly string[]): string {
  return parts.join("\n").replace(
    /[\n\u2028\u2029]/g,
    (lineBreak) => LINE_MARKS[LINE_BREAKS.indexOf(lineBreak)] ?? "",
  );
}

function scanLine(scan: Scan, line: string, number: number): void {
  const content = trimBlanks(line);
  if (line.length > MAX_LINE_LENGTH) {
    scan.current = undefined;
    return complain(scan, number, `${MAX_LINE_LENGTH} characters at most`);
  }
  if (content === "" || content.startsWith("#") || content.startsWith(";")) {
    return;
  }
  if (CONTROL.test(content)) {
    scan.current = undefined;
    return complain(scan, number, "a line without control characters");
  }
  const indent = line.length - trimStart(line).length;
  if (scan.current !== undefined && indent > scan.current.indent) {
    return addPart(scan, scan.current, content, number);
  }
  scan.current = undefined;
  if (content.startsWith("[")) return scanHeading(scan, content, number);
  scanSetting(scan, content, number, indent);
}

function scanHeading(scan: Scan, content: string, number: number): void {
  const name = SECTION.exec(content)?.[1];
  scan.section = name;
  scan.isHomeless = name === undefined;
  if (name === undefined) {
    return complain(scan, number, "a section's name in brackets, [name]");
  }
  // A section that is named again continues; its keys must still be unique.
  if (scan.sections.has(name)) return;
  scan.sections.set(name, { line: number, settings: [] });
}

function scanSetting(
  scan: Scan,
  content: string,
  number: number,
  indent: number,
): void {
  const [, written, rest] = SETTING.exec(content) ?? [];
  if (written === undefined || rest === undefined) {
    return complain(scan, number, "[section], key = value or # comment");
  }
  const { section } = scan;
  const key = written.toLowerCase();
  const name = section === undefined ? key : `${section}.${key}`;
  const setting: Setting = {
    name,
    key,
    line: number,
    indent,
    parts: [],
    isBroken: false,
  };
  if (section === undefined && !scan.isHomeless) {
    scan.isHomeless = true;
    complain(scan, number, "a [section] before the first key");
  }
  scan.current = setting;
  addPart(scan, setting, trimBlanks(rest), number);
  if (section === undefined) return;
  const first = scan.settings.get(name);
  if (first === undefined) {
    scan.settings.set(name, setting);
    scan.sections.get(section)?.settings.push(setting);
  } else {
    const expected = `each key once; line ${first.line} has it`;
    complain(scan, number, expected, name);
  }
}

function addPart(
  scan: Scan,
  setting: Setting,
  content: string,
  number: number,
): void {
  const part = readPart(content);
  if (typeof part !== "string") {
    setting.isBroken = true;
    complain(scan, number, part.expected, setting.name);
    return;
  }
  // A value that begins on the next line has no part beside its key.
  const isLeftEmpty = part === "" && !content.startsWith('"');
  if (setting.parts.length > 0 || !isLeftEmpty) setting.parts.push(part);
}

/** Parses one line of a value, without quotes, comment and `%` escapes. */
function readPart(content: string): string | { expected: string } {
  let text: string;
  if (content.startsWith('"')) {
    const inner = QUOTED.exec(content)?.[1];
    if (inner === undefined) {
      return { expected: 'one closing quote, at the end ("" is one inside)' };
    }
    text = inner.replaceAll('""', '"');
  } else {
    const comment = /(?:^|[ \t])[#;]/.exec(content);
    text = trimBlanks(content.slice(0, comment?.index));
  }
  if (text.replaceAll("%%", "").includes("%")) {
    return { expected: "%% for a percent sign; nothing is interpolated" };
  }
  return text.replaceAll("%%", "%");
}

function complain(
  scan: Scan,
  line: number,
  expected: string,
  key?: string,
): void {
  const problem = { file: scan.file, line, expected };
  scan.problems.push(key === undefined ? problem : { ...problem, key });
}

function trimStart(text: string): string {
  return text.replace(/^[ \t]+/, "");
}

function trimBlanks(text: string): string {
  let end = text.length;
  while (text[end - 1] === " " || text[end - 1] === "\t") end--;
  return trimStart(text.slice(0, end));
}
