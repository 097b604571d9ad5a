/**
 * The forms of fail2ban's log lines.
 *
 * @module
 */

/** The prefix of a line, for logs of plain lines. */
export type LineFormat = "file" | "syslog" | "sysout" | "journal";

/** The program that keeps each line in a record; see `log_record.ts`. */
export type RecordFormat = "journal-json" | "docker-json" | "container";

/** How the lines of a log begin. */
export type LogFormat = LineFormat | RecordFormat;

/** Every {@link LineFormat}. */
export const LINE_FORMATS: readonly LineFormat[] = [
  "file",
  "syslog",
  "sysout",
  "journal",
];

/** Every {@link RecordFormat}. */
export const RECORD_FORMATS: readonly RecordFormat[] = [
  "journal-json",
  "docker-json",
  "container",
];

/** Every {@link LogFormat}. */
export const LOG_FORMATS: readonly LogFormat[] = [
  ...LINE_FORMATS,
  ...RECORD_FORMATS,
];

/** Whether the lines are in records. */
export function isRecordFormat(format: LogFormat): format is RecordFormat {
  return RECORD_FORMATS.some((each) => each === format);
}
