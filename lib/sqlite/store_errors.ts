/**
 * Turns errors of a database into errors for an operator.
 *
 * SQLite's result codes are recognized by their texts: these are the same in
 * every version, and Deno gives the code only with some errors.
 *
 * @see {@link https://www.sqlite.org/rescode.html | SQLite, Result and Error Codes}
 * @module
 */

import { asideCommand, DATABASE_ENDS } from "../base/aside.ts";
import { diskHint } from "../base/disk_hint.ts";
import { type ErrorDetails, RuntimeError } from "../base/errors.ts";

/** Why a file can't be used; a retry does not help. */
export type UnusableReason = "damaged" | "newer";

/**
 * The file was not written by a program of this version. It stays unchanged.
 */
export class UnusableStoreError extends RuntimeError {
  /** The kind of problem. */
  readonly reason: UnusableReason;

  /**
   * @param reason The kind of problem.
   * @param message The details for the operator.
   * @param details Cause and hint.
   */
  constructor(
    reason: UnusableReason,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { hint: UNUSABLE_HINTS[reason], ...details });
    this.reason = reason;
  }
}

/** Another program uses the database. */
export class StoreInUseError extends RuntimeError {
  /** @param path The database. */
  constructor(path: string) {
    super(`another program has ${path}`, {
      hint: "is this program running already? each needs a statedir of its own",
    });
  }
}

const UNUSABLE_HINTS: Readonly<Record<UnusableReason, string>> = {
  damaged: 'the file was left as it is; see "The store is damaged" in ' +
    "docs/OPERATIONS.md for the way back",
  newer: "a newer version of this program wrote it: install that one again, " +
    "or move the file aside",
};

const FOLDER_HINT = "the folder is statedir in [general], and must be writable";
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/ full$/, "free space on the disk of statedir; until then nothing is taken"],
  [
    /locked|busy/,
    "another program holds the file for too long: end what reads or copies it",
  ],
  [
    /readonly|read-only|unable to open|denied|not permitted|no such file/i,
    FOLDER_HINT,
  ],
  [
    /I\/O/,
    "the disk of statedir is full or fails: see df, and what the kernel says of it",
  ],
];
const ANY_HINT = 'see "The store" in docs/OPERATIONS.md';

const DAMAGE = /malformed|not a database|unsupported file format/;

/** Whether the error comes from SQLite, or from reading its values. */
function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error &&
    (error.code === "ERR_SQLITE_ERROR" || error.code === "ERR_OUT_OF_RANGE");
}

/**
 * Turns SQLite's error into one for an operator.
 *
 * @param what What failed, such as `cannot keep changes`.
 * @param error The error.
 * @returns The error to throw: a `RuntimeError` for one of SQLite, otherwise
 *   the same error.
 *
 * @example
 * ```ts
 * import { storeFailure } from "./store_errors.ts";
 * import { RuntimeError } from "../base/errors.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const full = Object.assign(new Error("database or disk is full"), {
 *   code: "ERR_SQLITE_ERROR",
 * });
 * const failure = storeFailure("cannot keep changes", full);
 * ok(failure instanceof RuntimeError);
 * strictEqual(failure.message, "cannot keep changes: database or disk is full");
 * ```
 */
export function storeFailure(what: string, error: unknown): unknown {
  if (!isSqliteError(error)) return error;
  const message = `${what}: ${error.message}`;
  const isDamage = DAMAGE.test(error.message) ||
    "code" in error && error.code === "ERR_OUT_OF_RANGE";
  if (isDamage) {
    return new UnusableStoreError("damaged", message, { cause: error });
  }
  const [, hint = ANY_HINT] =
    HINTS.find(([text]) => text.test(error.message)) ?? [];
  return new RuntimeError(message, { hint, cause: error });
}

/** Files beside a database. */
export interface DatabaseFiles {
  /** Whether anything has this name. */
  readonly isThere: (path: string) => boolean;
}

/**
 * Turns an error while opening a database into one for an operator.
 *
 * @param path The database.
 * @param error The error.
 * @param files The files, if an operator must move the database; `undefined`:
 *   it can be replaced.
 * @returns The error to throw.
 */
export function openFailure(
  path: string,
  error: unknown,
  files?: DatabaseFiles,
): unknown {
  const what = `cannot open ${path}`;
  if (error instanceof UnusableStoreError) {
    const { reason, hint = UNUSABLE_HINTS[reason] } = error;
    return new UnusableStoreError(reason, `${what}: ${error.message}`, {
      cause: error,
      hint: files === undefined ? hint : unusableHint(path, reason, files),
    });
  }
  if (!(error instanceof Error)) return error;
  const folder = path.slice(0, path.lastIndexOf("/")) || "/";
  const isSystems = isSystemError(error);
  const hint = isSystems || isSqliteError(error)
    ? diskHint(error, folder)
    : undefined;
  if (isSystems || hint !== undefined) {
    return new RuntimeError(`${what}: ${error.message}`, {
      hint: hint ?? FOLDER_HINT,
      cause: error,
    });
  }
  const failure = storeFailure(what, error);
  return failure instanceof UnusableStoreError && files !== undefined
    ? new UnusableStoreError(failure.reason, failure.message, {
      cause: error,
      hint: unusableHint(path, failure.reason, files),
    })
    : failure;
}

/** The hint's command is the last step of the page's instructions. */
function unusableHint(
  path: string,
  reason: UnusableReason,
  { isThere }: DatabaseFiles,
): string {
  const command = asideCommand(path, isThere, DATABASE_ENDS);
  const before = reason === "newer"
    ? "a newer version of this program wrote it: install that one again, or begin a new one, without its bans"
    : 'the file was left as it is; see "The store is damaged" in ' +
      "docs/OPERATIONS.md; to begin a new one, without its bans";
  return `${before}; run: ${command}`;
}

/** Whether the error has a system code, such as `ENOENT` or `EROFS`. */
function isSystemError(error: Error): boolean {
  return "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
