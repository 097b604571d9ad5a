/**
 * The forms of fail2ban's log lines.
 *
 * @module
 */

/** What stands before the message of a line, where lines stand by themselves. */
export type LineFormat = "file" | "syslog" | "sysout" | "journal";

/** Who keeps the lines where each stands in a record: see `log_record.ts`. */
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

/** Whether lines stand in records. */
export function isRecordFormat(format: LogFormat): format is RecordFormat {
  return RECORD_FORMATS.some((each) => each === format);
}
