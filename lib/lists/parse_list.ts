/**
 * Reads the entries of a published list.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { bannedEntries, isBannedOutput } from "./banned_output.ts";
import { csvEntries } from "./csv_list.ts";
import { abuseIpdbEntries, crowdsecEntries, jsonKind } from "./json_lists.ts";
import {
  csfEntries,
  isCsf,
  netsetEntries,
  plainEntries,
  textLines,
  withoutComment,
} from "./line_lists.ts";
import type { ListEntry } from "./list_entry.ts";
import { LIST_FORMATS, type ListFormat } from "./list_formats.ts";

/** A list that was read. */
export interface ParsedList {
  readonly format: ListFormat;
  /** What the entries' `at` counts. */
  readonly unit: "line" | "entry";
  /** In the order of the list. */
  readonly entries: readonly ListEntry[];
}

/** Number of lines examined to recognise the format. */
const LOOKED_AT = 200;

/**
 * Reads a list.
 *
 * @param text The whole text.
 * @param format Its format; `undefined`: it is recognised from the text.
 * @throws {RuntimeError} when the text does not have that format.
 *
 * @example
 * ```ts
 * import { parseList } from "./parse_list.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const list = parseList("; Spamhaus DROP\n192.0.2.0/24 ; SBL1\n");
 * strictEqual(list.format, "netset");
 * deepStrictEqual(list.entries, [{ kind: "address", at: 2, address: "192.0.2.0/24" }]);
 * ```
 */
export function parseList(text: string, format?: ListFormat): ParsedList {
  const plain = text.startsWith("\ufeff") ? text.slice(1) : text;
  const known = format ?? recognised(plain);
  return {
    format: known,
    unit: UNITS[known],
    entries: [...entriesOf(plain, known)],
  };
}

const UNITS: Readonly<Record<ListFormat, ParsedList["unit"]>> = {
  plain: "line",
  netset: "line",
  csv: "line",
  csf: "line",
  abuseipdb: "entry",
  crowdsec: "entry",
  fail2ban: "entry",
};

function entriesOf(text: string, format: ListFormat): Iterable<ListEntry> {
  switch (format) {
    case "plain":
      return plainEntries(text);
    case "netset":
      return netsetEntries(text);
    case "csv":
      return csvEntries(text);
    case "csf":
      return csfEntries(text);
    case "fail2ban":
      return bannedEntries(text);
    case "abuseipdb":
      return abuseIpdbEntries(jsonOf(text));
    case "crowdsec":
      return crowdsecEntries(jsonOf(text));
  }
}

function recognised(text: string): ListFormat {
  const start = text.trimStart();
  if (/^[[{]/.test(start) || /^null\s*$/.test(start)) return ofBrackets(text);
  const lines: { readonly at: number; readonly text: string }[] = [];
  for (const line of textLines(text)) {
    if (lines.push(line) >= LOOKED_AT) break;
  }
  if (lines.some(({ text }) => text.startsWith("<"))) throw unrecognised();
  if (isCsf(lines)) return "csf";
  const entries = lines.filter(({ text }) => withoutComment(text) !== "");
  const [first] = entries;
  if (first !== undefined && withoutComment(first.text).includes(",")) {
    return "csv";
  }
  return /[;#]/.test(text) ? "netset" : "plain";
}

function ofBrackets(text: string): ListFormat {
  if (isBannedOutput(text)) return "fail2ban";
  const kind = jsonKind(jsonOf(text));
  if (kind === undefined) throw unrecognised();
  return kind;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RuntimeError("the list is not JSON, or is cut off", {
      hint: "it may have been cut off while it was fetched",
      cause: error,
    });
  }
}

/** The text may be a web page, or an unknown answer. */
function unrecognised(): RuntimeError {
  return new RuntimeError("the list has no known format", {
    hint: `--format says which: ${LIST_FORMATS.join(", ")}`,
  });
}
