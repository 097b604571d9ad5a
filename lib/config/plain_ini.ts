/**
 * A configuration file -> INI of which `@std/ini` makes nothing but strings.
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
 * use, but strict: a repeated key is refused. A section that is named again goes on,
 * so that a few lines may be put behind a file. A `#` or `;` begins a comment at the start of a value or after a space, never inside quotes. `%%`
 * is `%`; any other `%` is refused, because configparser would interpolate
 * there. Lines of a value are joined by line feeds, without a first one that is
 * left empty.
 *
 * `@std/ini` knows neither comments behind a value nor values of many lines. It
 * makes numbers and booleans of bare values (`true`, `00123`, `1e3`), and for it a
 * repeated section replaces the first. So it is given each section once, and
 * each value on one line and in quotes, of which it takes away the outer ones.
 *
 * @see {@link https://docs.python.org/3/library/configparser.html | configparser}
 * @module
 */

import type { ConfigProblem } from "../base/errors.ts";

/** INI for `@std/ini`, and what it can't tell. */
export interface PlainIni {
  /** Sections of `key = "value"`; characters of {@link LINE_MARKS} stand for those of {@link LINE_BREAKS}. */
  readonly plain: string;
  /** Each section's first heading. */
  readonly headings: ReadonlyMap<string, IniPlace>;
  /** Each key, by `section.key`. */
  readonly keys: ReadonlyMap<string, IniPlace>;
  /** Without any value: it could be a secret. */
  readonly problems: readonly ConfigProblem[];
}

/** Where something stands in the file. */
export interface IniPlace {
  /** Counted from 1. */
  readonly line: number;
}

interface Setting extends IniPlace {
  /** `section.key`; only the key where the heading is missing or broken. */
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
  /** Whether it was said that settings have no section. */
  isHomeless: boolean;
}

/** Characters at which a line of INI ends for `@std/ini`. */
export const LINE_BREAKS = "\n\u2028\u2029";
/** What stands for each of them: control characters, which no file may hold. */
export const LINE_MARKS = "\u001C\u001D\u001E";

const MAX_LINE_LENGTH = 4096;
const SECTION =
  /^\[([A-Za-z][A-Za-z0-9_-]{0,63}(?::[A-Za-z0-9_-]{1,64})?)\](?:[ \t]*[#;].*)?$/s;
const SETTING = /^([A-Za-z][A-Za-z0-9_]{0,63})[ \t]*[=:](.*)$/s;
const QUOTED = /^"((?:[^"]|"")*)"(?:[ \t]+[#;].*)?$/s;
const CONTROL = /[^\P{Cc}\t]|\p{Cs}/u;

/**
 * Leaves of a file what `@std/ini` reads as it is meant.
 *
 * @param file Its path, for problems.
 * @param text All of it.
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
  // A section that is named again goes on: each of its keys still stands once.
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
  // A value that begins on the next line has nothing beside its key.
  const isLeftEmpty = part === "" && !content.startsWith('"');
  if (setting.parts.length > 0 || !isLeftEmpty) setting.parts.push(part);
}

/** Reads one line of a value: quotes, comment and `%` are gone after it. */
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
