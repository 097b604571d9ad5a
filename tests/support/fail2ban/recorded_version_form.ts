/**
 * The form of a recorded fail2ban version.
 *
 * @module
 */

/** A value of a database; blobs are stored as text. */
export type RecordedValue = string | number | { readonly blob: string };

/** The recording of a version. */
export interface RecordedVersion {
  readonly version: string;
  /** Its log, line by line. */
  readonly log: readonly string[];
  /** Its answers to {@link QUESTIONS}: pickles in hexadecimal. */
  readonly answers: Readonly<Record<string, string>>;
  /** Its database after the stop: schema and rows of the table of bans. */
  readonly database: {
    readonly schema: string;
    readonly rows: readonly Readonly<Record<string, RecordedValue>>[];
  };
  /** Time of the recording, in milliseconds since 1970. */
  readonly atMs: number;
}

/** The commands that our programs send. */
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
