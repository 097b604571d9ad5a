/**
 * The port of our own log.
 *
 * @module
 */

/** How much a log record matters, in fail2ban's words. */
export type Severity =
  | "critical"
  | "error"
  | "warning"
  | "notice"
  | "info"
  | "debug";

/** What a log record says beside its event: plain values, never a secret. */
export type LogFields = Readonly<
  Record<string, string | number | boolean | undefined>
>;

/** Takes log records. Never throws, never waits; a slow sink drops and counts. */
export interface Log {
  /**
   * Records an event.
   *
   * @param severity How much it matters.
   * @param event What happened, the same words each time.
   * @param fields With what.
   */
  record(severity: Severity, event: string, fields?: LogFields): void;
}
