/**
 * What is recorded of a version of fail2ban.
 *
 * @module
 */

/** A value of a database; a blob is text here. */
export type RecordedValue = string | number | { readonly blob: string };

/** What a version said. */
export interface RecordedVersion {
  readonly version: string;
  /** Its log, line by line. */
  readonly log: readonly string[];
  /** Its answers to {@link QUESTIONS}: pickles in hexadecimal digits. */
  readonly answers: Readonly<Record<string, string>>;
  /** Its database when it was stopped: how its table of bans is made, and its rows. */
  readonly database: {
    readonly schema: string;
    readonly rows: readonly Readonly<Record<string, RecordedValue>>[];
  };
  /** When it was recorded, in milliseconds since 1970. */
  readonly atMs: number;
}

/** What it is asked; words that our programs send. */
export const QUESTIONS: readonly string[] = [
  "ping",
  "version",
  "status",
  "status sshd",
  "get sshd bantime",
  "get forever bantime",
  "get sshd banip --with-time",
  "get forever banip --with-time",
  "get sshd ignoreip",
  "get logtarget",
  "get loglevel",
  "set sshd banip 198.51.100.7 198.51.100.8",
  "set sshd banip 198.51.100.7",
  "set sshd unbanip 198.51.100.7",
  "set sshd unbanip 198.51.100.200",
  "get nowhere bantime",
  "status nowhere",
];
