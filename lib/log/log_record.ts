/**
 * Renders a record of the program's own log as one line.
 *
 * ```abnf
 * text  = stamp SP program "[" pid "]: " body     ; stderr and files
 * body  = SEVERITY ": " event *(SP name "=" value)
 * value = 1*bare / quoted                         ; quoted as JSON does
 * ```
 *
 * Whatever a value contains, the result is one line of printable ASCII, and no
 * part of it looks like a ban: neither as fail2ban's `[jail] Ban address` nor
 * as the subscriber's `Got broadcast message: host|jail|Ban|address`.
 *
 * @module
 */

import type { LogSource } from "./line_prefix.ts";
import { type LogFields, SEVERITIES, type Severity } from "./log.ts";

/** A log record with its time. */
export interface LogRecord {
  /** Its severity. */
  readonly severity: Severity;
  /** The event, in the same words each time. */
  readonly event: string;
  /** Details. */
  readonly fields: LogFields;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** The form of the program's own log. */
export type RecordFormat = "text" | "json";

/** Maximum length of a line, in bytes. */
export const MAX_LINE_BYTES = 8_192;

const MAX_VALUE_LENGTH = 1_024;
const BARE = /^[A-Za-z0-9_.,:;@/+*~-]+$/;

/**
 * Whether a record is written at all.
 *
 * @param severity The record's severity.
 * @param level The lowest severity that is written.
 *
 * @example
 * ```ts
 * import { isLogged } from "./log_record.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(isLogged("notice", "notice"), true);
 * strictEqual(isLogged("info", "notice"), false);
 * ```
 */
export function isLogged(severity: Severity, level: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(level);
}

/**
 * Renders a record for people, without time stamp and program.
 *
 * @param record The record.
 * @returns Printable ASCII, {@link MAX_LINE_BYTES} at most.
 *
 * @example
 * ```ts
 * import { renderText } from "./log_record.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   renderText({
 *     severity: "notice",
 *     event: "ban sent",
 *     fields: { jail: "sshd", address: "192.0.2.1", reply: "no\nthing" },
 *     atMs: 0,
 *   }),
 *   'NOTICE: ban sent jail=sshd address=192.0.2.1 reply="no\\nthing"',
 * );
 * ```
 */
export function renderText(record: LogRecord): string {
  let line = `${record.severity.toUpperCase()}: ${clip(record.event)}`;
  for (const [name, value] of Object.entries(record.fields)) {
    if (value === undefined) continue;
    const text = clip(String(value));
    line += ` ${quoteUnlessBare(name)}=${quoteUnlessBare(text)}`;
  }
  return cutText(escape(line), MAX_LINE_BYTES);
}

/**
 * Renders a record for programs: one JSON object, with the members `time` (RFC
 * 3339, UTC), `program`, `pid`, `severity`, `event` and `fields`.
 *
 * @param record The record.
 * @param source The program.
 * @returns Printable ASCII, {@link MAX_LINE_BYTES} at most; if the fields would
 * not fit, `"fields_cut": true` replaces them.
 *
 * @example
 * ```ts
 * import { renderJson } from "./log_record.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   renderJson(
 *     { severity: "notice", event: "ban sent", fields: { jail: "sshd" }, atMs: 0 },
 *     { name: "fail2ban-monitor", pid: 123 },
 *   ),
 *   '{"time":"1970-01-01T00:00:00.000Z","program":"fail2ban-monitor","pid":123,' +
 *     '"severity":"notice","event":"ban sent","fields":{"jail":"sshd"}}',
 * );
 * ```
 */
export function renderJson(record: LogRecord, source: LogSource): string {
  // Undefined fields are left out.
  const fields = Object.fromEntries(
    Object.entries(record.fields).map(([name, value]) => [
      name,
      typeof value === "string" ? clip(value) : value,
    ]),
  );
  const head = {
    time: new Date(record.atMs).toISOString(),
    program: source.name,
    pid: source.pid,
    severity: record.severity,
    event: clip(record.event),
  };
  const whole = escape(JSON.stringify({ ...head, fields }));
  return whole.length <= MAX_LINE_BYTES
    ? whole
    : escape(JSON.stringify({ ...head, fields_cut: true }));
}

/**
 * Cuts text between characters so that its UTF-8 form fits.
 *
 * @param text The text.
 * @param maxBytes Maximum length of its UTF-8 form.
 *
 * @example
 * ```ts
 * import { cutText } from "./log_record.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(cutText("na\u00efve", 3), "na");
 * ```
 */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  const target = new Uint8Array(maxBytes);
  const { read } = new TextEncoder().encodeInto(text, target);
  return text.slice(0, read);
}

function clip(text: string): string {
  return text.length <= MAX_VALUE_LENGTH
    ? text
    : `${text.slice(0, MAX_VALUE_LENGTH)}...`;
}

function quoteUnlessBare(text: string): string {
  return BARE.test(text) ? text : JSON.stringify(text);
}

/**
 * Escapes everything but printable ASCII, and two patterns that a reader may
 * take for a ban. The escapes are JSON's, so that JSON stays valid.
 */
function escape(text: string): string {
  return text.replace(/[^\x20-\x7e]|\||\](?= )/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
