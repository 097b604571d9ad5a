/**
 * Keeps secrets out of logs.
 *
 * @module
 */

import { MIN_SECRET_LENGTH } from "../base/secrets.ts";

import type { LogFields } from "./log.ts";
import type { LogRecord } from "./log_record.ts";

/** Replaces a secret. */
export const MASK = "***";

/**
 * Masks every occurrence of every secret, in its plain form and as JSON spells
 * it. Secrets that overlap in the text are masked together, so that no end of
 * one shows. A secret of fewer than {@link MIN_SECRET_LENGTH} characters is
 * masked only as a whole word: `x` in `expected` is not.
 *
 * @param text Any text.
 * @param secrets The secrets; empty ones are ignored.
 * @returns The text with {@link MASK} in place of each secret.
 *
 * @example
 * ```ts
 * import { maskSecrets } from "./mask_secrets.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(maskSecrets("got s3cret|web-1|sshd", ["s3cret"]), "got ***|web-1|sshd");
 * ```
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const covered = secrets.flatMap((secret) =>
    spellings(secret).flatMap((spelling) => occurrences(text, spelling))
      .filter((span) =>
        secret.length >= MIN_SECRET_LENGTH || isWhole(text, span)
      )
  );
  if (covered.length === 0) return text;
  covered.sort((left, right) => left.start - right.start);
  let masked = "";
  let doneTo = 0;
  for (const { start, end } of covered) {
    if (start >= doneTo) masked += text.slice(doneTo, start) + MASK;
    doneTo = Math.max(doneTo, end);
  }
  return masked + text.slice(doneTo);
}

/**
 * Masks every secret in a record before it is rendered: the escapes and cuts of
 * a finished line could hide a secret from the search.
 *
 * @param record Any record.
 * @param secrets The secrets.
 * @returns The record with {@link MASK} in place of each secret.
 */
export function maskRecord(
  record: LogRecord,
  secrets: readonly string[],
): LogRecord {
  // Most texts are shorter than any secret, and so than any spelling of one.
  let shortest = Infinity;
  for (const { length } of secrets) shortest = Math.min(shortest, length);
  const mask = (text: string) =>
    text.length < shortest ? text : maskSecrets(text, secrets);
  const event = mask(record.event);
  let masked: Record<string, LogFields[string]> | undefined;
  for (const name of Object.keys(record.fields)) {
    const value = record.fields[name];
    if (typeof value !== "string") continue;
    const text = mask(value);
    if (text === value) continue;
    masked ??= { ...record.fields };
    masked[name] = text;
  }
  return masked === undefined && event === record.event
    ? record
    : { ...record, event, fields: masked ?? record.fields };
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function spellings(secret: string): string[] {
  if (secret === "") return [];
  const inJson = JSON.stringify(secret).slice(1, -1);
  return inJson === secret ? [secret] : [secret, inJson];
}

function occurrences(text: string, spelling: string): Span[] {
  const spans: Span[] = [];
  let start = text.indexOf(spelling);
  while (start !== -1) {
    spans.push({ start, end: start + spelling.length });
    start = text.indexOf(spelling, start + 1);
  }
  return spans;
}

/** Whether a match is not part of a longer word. */
function isWhole(text: string, { start, end }: Span): boolean {
  return !isInWord(text, start) && !isInWord(text, end);
}

/** Whether the characters on both sides of a position belong to one word. */
function isInWord(text: string, at: number): boolean {
  return at > 0 && /^[A-Za-z0-9]{2}$/.test(text.slice(at - 1, at + 1));
}
