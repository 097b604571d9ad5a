/**
 * Text of a configuration file -> sections of plain strings.
 *
 * ```abnf
 * file    = *(blank / comment / section / setting)
 * comment = *WSP ("#" / ";") text
 * section = *WSP "[" name "]" [WSP comment]
 * setting = *WSP key *WSP ("=" / ":") *WSP [value] [WSP comment] *(more)
 * more    = 1*WSP value [WSP comment]      ; indented deeper than its key
 * value   = bare / DQUOTE *(quoted-char / 2DQUOTE) DQUOTE
 * name    = ALPHA *63(ALPHA / DIGIT / "_" / "-")
 * key     = ALPHA *63(ALPHA / DIGIT / "_")   ; case does not count
 * ```
 *
 * As Python's configparser, which the original and fail2ban use, but strict:
 * a repeated section or key is refused. A `#` or `;` begins a comment at the
 * start of a value or after a space, never inside quotes. `%%` is `%`; any
 * other `%` is refused, because configparser would interpolate there. Lines
 * of a value are joined by line feeds, without a first one that is left empty.
 *
 * @ini does the reading. As it makes numbers and booleans of bare values,
 * keeps comments in them and lets a repeated section replace the first, it is
 * given text in which none of that is left.
 *
 * @see {@link https://docs.python.org/3/library/configparser.html | configparser}
 * @module
 */

import { parse } from "@std/ini/parse";
import type { ConfigProblem } from "../base/errors.ts";

/** A value, free of quotes and comments, and the line its key stands on. */
export interface IniValue {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** A section. */
export interface IniSection {
  /** The line of its first heading, counted from 1. */
  readonly line: number;
  /** By key, in lower case; without those that could not be read. */
  readonly values: ReadonlyMap<string, IniValue>;
}

/** What a file says, and what is wrong with it. */
export interface IniText {
  /** By name, as written. */
  readonly sections: ReadonlyMap<string, IniSection>;
  /** Never with a value: it could be a secret. */
  readonly problems: readonly ConfigProblem[];
}

interface Setting {
  /** `section.key`; only the key where the heading is missing or broken. */
  readonly name: string;
  readonly section: string | undefined;
  readonly key: string;
  readonly line: number;
  readonly indent: number;
  readonly parts: string[];
  isBroken: boolean;
}

interface Scan {
  readonly file: string;
  readonly headings: Map<string, number>;
  readonly settings: Map<string, Setting>;
  readonly problems: ConfigProblem[];
  section: string | undefined;
  current: Setting | undefined;
  /** Whether it was said that settings have no section. */
  isHomeless: boolean;
}

const MAX_LINE_LENGTH = 4096;
const SECTION = /^\[([A-Za-z][A-Za-z0-9_-]{0,63})\](?:[ \t]*[#;].*)?$/s;
const SETTING = /^([A-Za-z][A-Za-z0-9_]{0,63})[ \t]*[=:](.*)$/s;
const QUOTED = /^"((?:[^"]|"")*)"(?:[ \t]+[#;].*)?$/s;
const CONTROL = /[^\P{Cc}\t]|\p{Cs}/u;

/**
 * Reads a configuration file's text.
 *
 * @param file Its path, for problems.
 * @param text All of it.
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
  const scan: Scan = {
    file,
    headings: new Map(),
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
  return { sections: readSections(scan), problems: scan.problems };
}

/**
 * Writes a value so that {@link parseIniText} reads the same text again.
 *
 * @param text The value; its lines are written one below the other. Without
 * control characters but line feed and tab.
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
  const first = scan.headings.get(name);
  if (first !== undefined) {
    return complain(
      scan,
      number,
      `each section once; [${name}] began on line ${first}`,
    );
  }
  scan.headings.set(name, number);
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
    section,
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
  if (first === undefined) scan.settings.set(name, setting);
  else complain(scan, number, `each key once; line ${first.line} has it`, name);
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

function readSections(scan: Scan): ReadonlyMap<string, IniSection> {
  const lines: string[] = [];
  const settings = Map.groupBy(
    scan.settings.values(),
    ({ section }) => section,
  );
  for (const name of scan.headings.keys()) {
    lines.push(`[${name}]`);
    for (const { key, parts, isBroken } of settings.get(name) ?? []) {
      if (isBroken) continue;
      lines.push(`${key} = "${encodeURIComponent(parts.join("\n"))}"`);
    }
  }
  const parsed = new Map(
    Object.entries(parse<Record<string, Record<string, string>>>(
      lines.join("\n"),
    )).map(([name, values]) => [name, new Map(Object.entries(values))]),
  );
  const sections = new Map<string, IniSection>();
  for (const [name, line] of scan.headings) {
    const values = new Map<string, IniValue>();
    for (const [key, encoded] of parsed.get(name) ?? []) {
      values.set(key, {
        text: decodeURIComponent(encoded),
        line: scan.settings.get(`${name}.${key}`)?.line ?? line,
      });
    }
    sections.set(name, { line, values });
  }
  return sections;
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
