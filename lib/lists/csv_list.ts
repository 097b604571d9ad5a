/**
 * Lists as CSV, with a header that names the column of addresses.
 *
 * A line that begins with `#` is a comment. If no other line is a header, the
 * last comment with as many columns as the rows is the header. If the header
 * names no column of addresses, the first row decides: its first column with an
 * address is used.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc4180 | RFC 4180}
 * @module
 */

import { canonicalAddress } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { type ListEntry, readEntry } from "./list_entry.ts";

/** A row. */
export interface CsvRow {
  /** The line in which it begins, from 1. */
  readonly at: number;
  readonly cells: readonly string[];
  readonly isComment: boolean;
}

/** Names of address columns, letters only; the first one found counts. */
const COLUMNS = [
  "ip",
  "ipaddress",
  "address",
  "network",
  "cidr",
  "prefix",
  "srcip",
  "sourceip",
  "sourceaddress",
  "dstip",
  "attackerip",
  "remoteip",
  "banip",
  "value",
] as const;

/**
 * The entries of a list.
 *
 * @throws {RuntimeError} when no column has addresses.
 */
export function* csvEntries(
  text: string,
): Generator<ListEntry, void, undefined> {
  let comments: CsvRow[] = [];
  let column: number | undefined;
  for (const row of csvRows(text)) {
    if (row.isComment) {
      if (column === undefined) comments = [...comments.slice(-9), row];
      continue;
    }
    if (column === undefined) {
      column = namedColumn(row) ?? commentedColumn(comments, row) ??
        row.cells.findIndex(isAddress);
      // A header of names, followed by a row to examine.
      const isHeader = !row.cells.some(isAddress);
      if (isHeader && column < 0) {
        column = undefined;
        continue;
      }
      if (isHeader) continue;
    }
    yield readEntry(row.at, row.cells[column] ?? "");
  }
  if (column === undefined) {
    throw new RuntimeError("no column of the list has addresses", {
      hint: "a header names it: ip, address, network or cidr",
    });
  }
}

function namedColumn({ cells }: CsvRow): number | undefined {
  const names = cells.map((cell) => cell.toLowerCase().replace(/[^a-z]/g, ""));
  const name = COLUMNS.find((each) => names.includes(each));
  return name === undefined ? undefined : names.indexOf(name);
}

function commentedColumn(
  comments: readonly CsvRow[],
  { cells }: CsvRow,
): number | undefined {
  const header = comments.findLast((row) => row.cells.length === cells.length);
  return header && namedColumn(header);
}

function isAddress(cell: string): boolean {
  return canonicalAddress(cell) !== undefined;
}

/** The rows of a text, without empty lines. */
export function* csvRows(text: string): Generator<CsvRow, void, undefined> {
  let line = 1;
  for (let from = 0; from < text.length;) {
    const isComment = text[from] === "#";
    const { cells, end } = isComment
      ? commentAt(text, from)
      : cellsAt(text, from);
    const isEmpty = cells.length === 1 && cells[0] === "";
    if (!isEmpty) yield { at: line, cells, isComment };
    for (let at = from; at < end; at++) if (text[at] === "\n") line++;
    from = end;
  }
}

interface Cells {
  readonly cells: readonly string[];
  /** Start of the next row. */
  readonly end: number;
}

/** Quotes in a comment have no meaning. */
function commentAt(text: string, from: number): Cells {
  const end = text.indexOf("\n", from);
  const line = text.slice(from, end < 0 ? text.length : end).replace(/^#+/, "");
  return {
    cells: line.split(",").map((cell) => cell.trim()),
    end: end < 0 ? text.length : end + 1,
  };
}

function cellsAt(text: string, from: number): Cells {
  const cells: string[] = [];
  for (let at = from;;) {
    const cell = text[at] === '"' ? quotedAt(text, at) : bareAt(text, at);
    cells.push(cell.text);
    at = cell.end;
    if (text[at] === ",") {
      at++;
      continue;
    }
    return { cells, end: Math.min(at + 1, text.length) };
  }
}

interface Cell {
  readonly text: string;
  /** Position of the comma or line end after it. */
  readonly end: number;
}

function bareAt(text: string, from: number): Cell {
  let end = from;
  while (end < text.length && text[end] !== "," && text[end] !== "\n") end++;
  return { text: text.slice(from, end).trim(), end };
}

function quotedAt(text: string, from: number): Cell {
  let value = "";
  for (let at = from + 1; at < text.length;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) break;
    value += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      // There should be nothing between the quote and the comma.
      const { text: rest, end } = bareAt(text, quote + 1);
      return { text: (value + rest).trim(), end };
    }
    value += '"';
    at = quote + 2;
  }
  // A quote that is never closed is an ordinary character.
  return bareAt(text, from);
}
