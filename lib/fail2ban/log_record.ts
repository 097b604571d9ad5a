/**
 * Extracts fail2ban's line from the record of a program that keeps its output.
 *
 * ```abnf
 * journal-json = a JSON object per line, as `journalctl --output=json` prints it
 * docker-json  = a JSON object per line, as docker's driver json-file writes it
 * container    = [service *SP "| "] [stamp SP [stream SP ("F" / "P") SP]] text
 * ; container: docker logs, docker compose logs, and the files of CRI
 * ```
 *
 * Programs that keep output cut long lines. The text after such a cut may be an
 * attacker's from its first byte on, so it is not read as the beginning of a
 * line.
 *
 * A record's own stamp has a zone, so it takes precedence.
 *
 * @see systemd.journal-fields(7)
 * @module
 */

import type { LineFormat, RecordFormat } from "./log_format.ts";

/** The contents of a record. */
export type RecordContent =
  /** A line of fail2ban, or a possible one. */
  | {
    readonly kind: "line";
    readonly text: string;
    readonly format: LineFormat;
  }
  /** Output of another program. */
  | { readonly kind: "foreign" }
  /** Not such a record. */
  | { readonly kind: "unknown" };

/** A record. */
export interface LogRecord {
  readonly content: RecordContent;
  /** The output that it belongs to, if there are several. */
  readonly stream: string;
  /** Whether the stream's next record continues the same line. */
  readonly isCut: boolean;
}

/** Placeholder for the host in a line of the format `syslog`. */
const HOST = "record";
const UNIT = "fail2ban.service";
const FILE_STAMP = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} /;
const RECORD_STAMP =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*(Z|[+-]\d\d:\d\d)$/;
const CONTAINER =
  /^(?:(?<service>[\w.-]{1,128}) *\| )?(?:(?<stamp>\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?:(?<stream>stdout|stderr) (?<part>[FP]) )?)?(?<text>.*)$/s;
/**
 * Levels by syslog priority. Python has no NOTICE: systemd receives 4 for it.
 */
const LEVELS: readonly string[] = [
  ...["CRITICAL", "CRITICAL", "CRITICAL", "ERROR"],
  ...["NOTICE", "NOTICE", "INFO", "DEBUG"],
];

/**
 * Reads a record.
 *
 * @param record A line of the log.
 * @param format The format of the record.
 *
 * @example
 * ```ts
 * import { readRecord } from "./log_record.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const line = "2026-11-22 14:13:03,659 fail2ban.actions [1]: NOTICE  [sshd] Ban 192.0.2.9";
 * deepStrictEqual(readRecord(`fail2ban-1  | ${line}`, "container").content, {
 *   kind: "line",
 *   text: line,
 *   format: "file",
 * });
 * ```
 */
export function readRecord(record: string, format: RecordFormat): LogRecord {
  switch (format) {
    case "journal-json":
      return readJournal(parseObject(record));
    case "docker-json":
      return readDocker(parseObject(record));
    case "container":
      return readContainer(record);
  }
}

function readDocker(
  { log, stream, time }: Readonly<Record<string, unknown>>,
): LogRecord {
  const name = textOf(stream);
  if (typeof log !== "string") return unknown(name);
  const isCut = !log.endsWith("\n");
  const text = isCut ? log : log.slice(0, -1);
  return { content: lineOf(text, textOf(time)), stream: name, isCut };
}

function readContainer(record: string): LogRecord {
  const { service, stamp = "", stream = "", part, text = "" } =
    CONTAINER.exec(record)?.groups ?? {};
  const isForeign = service !== undefined && !/fail2ban/i.test(service);
  return {
    content: isForeign ? { kind: "foreign" } : lineOf(text, stamp),
    stream: `${service ?? ""} ${stream}`,
    isCut: part === "P",
  };
}

/** Only journald can write fields that begin with `_`. */
function readJournal(fields: Readonly<Record<string, unknown>>): LogRecord {
  const stream = textOf(fields["_STREAM_ID"]);
  const at = /^\d{1,17}$/.exec(textOf(fields["__REALTIME_TIMESTAMP"]))?.[0];
  if (at === undefined) return unknown(stream);
  const isCut = fields["_LINE_BREAK"] === "line-max";
  const identifier = textOf(fields["SYSLOG_IDENTIFIER"]);
  if (fields["_SYSTEMD_UNIT"] !== UNIT || !/^fail2ban/.test(identifier)) {
    return { content: { kind: "foreign" }, stream, isCut };
  }
  const { MESSAGE: message, LOGGER: logger } = fields;
  if (typeof message !== "string") return { ...unknown(stream), isCut };
  const stamp = new Date(Number(at) / 1_000).toISOString();
  const level = LEVELS[Number(fields["PRIORITY"])] ?? "DEBUG";
  const text = typeof logger === "string"
    ? `${logger}: ${level} ${message}`
    : /^fail2ban\./.test(identifier)
    ? `${identifier}: ${message}`
    : message;
  return { content: lineOf(text, stamp), stream, isCut };
}

/** The line in the format `syslog`, with the record's stamp if it has one. */
function lineOf(text: string, stamp: string): RecordContent {
  const rest = text.replace(FILE_STAMP, "");
  const [, time, zone] = RECORD_STAMP.exec(stamp) ?? [];
  const isLine = rest.startsWith("fail2ban.");
  if (isLine && time !== undefined) {
    const line = `${time}${zone} ${HOST} ${rest}`;
    return { kind: "line", text: line, format: "syslog" };
  }
  const format = isLine && rest === text ? "sysout" : "file";
  return { kind: "line", text, format };
}

function unknown(stream: string): LogRecord {
  return { content: { kind: "unknown" }, stream, isCut: false };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** An empty object if the text is no object. */
function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
