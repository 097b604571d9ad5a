/**
 * Lists with one entry per line.
 *
 * | format   | a line                                                       |
 * | -------- | ------------------------------------------------------------ |
 * | `plain`  | an address or a network, and nothing else                    |
 * | `netset` | the same, before a comment after `;` or `#`: Spamhaus, FireHOL |
 * | `csf`    | `csf.deny` of ConfigServer: the same, and its rules for ports |
 *
 * @see {@link https://www.spamhaus.org/blocklists/do-not-route-or-peer/ | Spamhaus DROP}
 * @see {@link https://github.com/firehol/blocklist-ipsets | FireHOL's netsets}
 * @module
 */

import { fault, type ListEntry, readEntry } from "./list_entry.ts";

/** A line of a text. */
export interface TextLine {
  /** From 1. */
  readonly at: number;
  /** Without white space around it. */
  readonly text: string;
}

/** The lines of a text that are not empty. */
export function* textLines(
  text: string,
): Generator<TextLine, void, undefined> {
  let at = 0;
  for (let from = 0; from < text.length;) {
    const end = text.indexOf("\n", from);
    const line = text.slice(from, end < 0 ? text.length : end).trim();
    at++;
    if (line !== "") yield { at, text: line };
    if (end < 0) return;
    from = end + 1;
  }
}

/** The part of a line before a comment. */
export function withoutComment(text: string): string {
  const end = text.search(/[;#]/);
  return end < 0 ? text : text.slice(0, end).trim();
}

/** The entries of a plain list. */
export function* plainEntries(
  text: string,
): Generator<ListEntry, void, undefined> {
  for (const { at, text: line } of textLines(text)) yield readEntry(at, line);
}

/** The entries of a netset. */
export function* netsetEntries(
  text: string,
): Generator<ListEntry, void, undefined> {
  for (const { at, text: line } of textLines(text)) {
    const entry = withoutComment(line);
    if (entry !== "") yield readEntry(at, entry);
  }
}

/**
 * The entries of `csf.deny`. A rule for a port can't be a ban, and is a fault.
 */
export function* csfEntries(
  text: string,
): Generator<ListEntry, void, undefined> {
  for (const { at, text: line } of textLines(text)) {
    const entry = withoutComment(line);
    if (entry === "") continue;
    if (/^Include\s/.test(entry)) {
      yield fault(at, entry, "is another file: import that, too");
    } else if (entry.includes("|")) {
      yield fault(at, entry, "is a rule for some packets, not a ban");
    } else {
      yield readEntry(at, entry);
    }
  }
}

/** Whether lines are from `csf.deny`. */
export function isCsf(lines: readonly TextLine[]): boolean {
  return lines.some(({ text }) =>
    /#.*(?:\blfd:|configserver)/i.test(text) ||
    /^(?:tcp|udp|icmp)\|/.test(text) || /^Include\s+\//.test(text)
  );
}
