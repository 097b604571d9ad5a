/**
 * The port of our own log.
 *
 * @module
 */

/** The severity of a log record, in fail2ban's words. */
export type Severity =
  | "critical"
  | "error"
  | "warning"
  | "notice"
  | "info"
  | "debug";

/** Every {@link Severity}, worst first. */
export const SEVERITIES: readonly Severity[] = [
  "critical",
  "error",
  "warning",
  "notice",
  "info",
  "debug",
];

/**
 * The fields of a log record besides its event: plain values, never a secret.
 */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/**
 * Accepts log records. Never throws, never waits; a slow sink drops records and
 * counts them.
 */
export interface Log {
  /**
   * Records an event.
   *
   * @param severity The severity.
   * @param event The event, in the same words each time.
   * @param fields Details.
   */
  record(severity: Severity, event: string, fields?: LogFields): void;
}
