/**
 * Sets options in the text of a configuration file, and leaves the rest
 * unchanged, byte for byte.
 *
 * @module
 */

import { ConfigError } from "../base/errors.ts";
import { parseIniText, quoteIniValue } from "./ini_text.ts";

/** An option and its new value. */
export interface IniSetting {
  /** The section's name. */
  readonly section: string;
  /** In lower case. */
  readonly key: string;
  /** The value, as {@link parseIniText} should read it. */
  readonly value: string;
}

/**
 * Sets options.
 *
 * @param file The file's path, for problems.
 * @param text Its text; empty for a new file.
 * @param settings The settings. A setting that is already in effect changes
 * nothing.
 * @returns The new text.
 * @throws {ConfigError} when the text has problems; it is not changed then.
 *
 * @example
 * ```ts
 * import { setIniOptions } from "./ini_edit.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const text = "# mine\n[monitor]\nauth = yes\n";
 * const setting = { section: "monitor", key: "controlserver", value: "tcp://hub:5681" };
 * strictEqual(
 *   setIniOptions("a.local", text, [setting]),
 *   "# mine\n[monitor]\nauth = yes\ncontrolserver = tcp://hub:5681\n",
 * );
 * ```
 */
export function setIniOptions(
  file: string,
  text: string,
  settings: readonly IniSetting[],
): string {
  return settings.reduce((edited, each) => setOne(file, edited, each), text);
}

function setOne(
  file: string,
  text: string,
  { section, key, value }: IniSetting,
): string {
  const { sections, problems } = parseIniText(file, text);
  if (problems.length > 0) throw new ConfigError(problems);
  const known = sections.get(section);
  const before = known?.values.get(key);
  if (before?.text === value) return text;
  const lineEnd = text.includes("\r\n") ? "\r\n" : "\n";
  const lines = text === "" ? [] : text.split(lineEnd);
  if (lines.at(-1) === "") lines.pop();
  const written = `${key} = ${quoteIniValue(value)}`;
  if (known === undefined) {
    lines.push(...(lines.length === 0 ? [] : [""]), `[${section}]`, written);
  } else if (before === undefined) {
    lines.splice(endOfSection(lines, known.line), 0, written);
  } else {
    const at = before.line - 1;
    const indent = /^[ \t]*/.exec(lines[at] ?? "")?.[0] ?? "";
    const after = withoutContinuation(lines.slice(at + 1), indent.length);
    lines.splice(at, lines.length - at, `${indent}${written}`, ...after);
  }
  return [...lines, ""].join(lineEnd);
}

/**
 * The index after the last line with content in a section.
 *
 * @param line The line of its heading, counted from 1.
 */
function endOfSection(lines: readonly string[], line: number): number {
  const next = lines.findIndex((text, index) =>
    index >= line && text.trim().startsWith("[")
  );
  let end = next === -1 ? lines.length : next;
  while (end > line && isSilent(lines[end - 1] ?? "")) end--;
  return end;
}

/** Removes the continuation lines of a setting's old value. */
function withoutContinuation(
  lines: readonly string[],
  indent: number,
): readonly string[] {
  const next = lines.findIndex((line) =>
    !isSilent(line) && line.length - line.trimStart().length <= indent
  );
  const end = next === -1 ? lines.length : next;
  return [...lines.slice(0, end).filter(isSilent), ...lines.slice(end)];
}

/** Whether a line is blank or a comment. */
function isSilent(line: string): boolean {
  return /^[ \t]*(?:[#;].*)?\r?$/s.test(line);
}
