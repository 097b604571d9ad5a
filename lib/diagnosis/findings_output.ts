/**
 * Formats findings for operators and for programs.
 *
 * @module
 */

import type { OutputPlace } from "../views/operator_output.ts";
import { countFindings, type Finding } from "./finding.ts";

/** Width of the first column. */
const STATE_WIDTH = 4;
const SUBJECT_WIDTH = 16;
const FINDING_WIDTH = 40;
const GAP = "  ";
/** Maximum length of a line, even on wider terminals. */
const MAX_COLUMNS = 100;
const WORDS = { ok: "ok", warn: "warn", fail: "FAIL" } as const;
const BOLD = "\x1b[1m";
const NORMAL = "\x1b[22m";

/**
 * Formats a line for each finding, with its fix at the end, and a summary. On a
 * terminal, a fix without room gets a line of its own, and is never cut.
 *
 * @param findings The findings, in order.
 * @param place Where they are printed.
 *
 * @example
 * ```ts
 * import { findingLines } from "./findings_output.ts";
 * import { fault } from "./finding.ts";
 * import { PLAIN_PLACE } from "../views/operator_output.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const found = [fault("clock", "ahead of the hub's by 3 h", "timedatectl set-ntp true")];
 * deepStrictEqual(findingLines(found, PLAIN_PLACE), [
 *   "FAIL  clock             ahead of the hub's by 3 h                 timedatectl set-ntp true",
 *   "1 fault, 0 warnings",
 * ]);
 * ```
 */
export function findingLines(
  findings: readonly Finding[],
  place: OutputPlace,
): readonly string[] {
  const width = Math.max(
    SUBJECT_WIDTH,
    ...findings.map(({ subject }) => subject.length),
  );
  return [
    ...findings.flatMap((finding) => linesOf(finding, width, place)),
    summary(findings),
  ];
}

/** Formats an object a line; `docs/schemas/doctor.json` describes it. */
export function findingJson(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ state, subject, finding, fix }) =>
    JSON.stringify({ state, subject, finding, fix: fix ?? null })
  );
}

function linesOf(
  { state, subject, finding, fix }: Finding,
  width: number,
  { columns, hasColour }: OutputPlace,
): readonly string[] {
  const word = WORDS[state].padEnd(STATE_WIDTH);
  const shown = hasColour && state === "fail"
    ? `${BOLD}${word}${NORMAL}`
    : word;
  const label = subject.padEnd(width);
  const start = `${shown}${GAP}${label}${GAP}`;
  const indent = STATE_WIDTH + label.length + 2 * GAP.length;
  const limit = columns === undefined
    ? Infinity
    : Math.min(columns, MAX_COLUMNS);
  const told = wrapped(finding, limit - indent);
  const [first = "", ...rest] = told;
  const pad = " ".repeat(indent);
  if (fix === undefined) {
    return [`${start}${first}`, ...rest.map((line) => pad + line)];
  }
  const padded = first.padEnd(FINDING_WIDTH);
  const fits = rest.length === 0 &&
    indent + padded.length + GAP.length + fix.length <= limit;
  if (fits) return [`${start}${padded}${GAP}${fix}`];
  return [`${start}${first}`, ...[...rest, fix].map((line) => pad + line)];
}

/** Breaks a text into lines; a word longer than a line stays whole. */
function wrapped(text: string, width: number): readonly string[] {
  if (text.length <= width) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

function summary(findings: readonly Finding[]): string {
  const { faults, warnings } = countFindings(findings);
  const some = (count: number, word: string) =>
    `${count} ${word}${count === 1 ? "" : "s"}`;
  return `${some(faults, "fault")}, ${some(warnings, "warning")}`;
}
