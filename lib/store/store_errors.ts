/**
 * What went wrong with a stored database, in words for an operator.
 *
 * SQLite's result codes are told by their texts: they are the same in every
 * version, and Deno gives the number with some of its errors only.
 *
 * @see {@link https://www.sqlite.org/rescode.html | SQLite, Result and Error Codes}
 * @module
 */

import { type ErrorDetails, RuntimeError } from "../base/errors.ts";

/** Why a file can't be used as it is, and why another try won't help. */
export type UnusableReason = "damaged" | "newer";

/** The file is not what a program of this version wrote. It was left as it is. */
export class UnusableStoreError extends RuntimeError {
  /** What is wrong with it. */
  readonly reason: UnusableReason;

  /**
   * @param reason What is wrong with it.
   * @param message What was found.
   * @param details What it came from.
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
  [/I\/O/, "the disk of statedir fails: see what the kernel says of it"],
];
const ANY_HINT = 'see "The store" in docs/OPERATIONS.md';

const DAMAGE = /malformed|not a database|unsupported file format/;

/** Whether SQLite says so, or what reads its values. */
function isSqliteError(error: unknown): error is Error {
  return error instanceof Error && "code" in error &&
    (error.code === "ERR_SQLITE_ERROR" || error.code === "ERR_OUT_OF_RANGE");
}

/**
 * Turns SQLite's error into one for an operator.
 *
 * @param what What could not be done, as in `cannot keep changes`.
 * @param error Whatever was thrown.
 * @returns What to throw: an expected error for one of SQLite, else the same.
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

/**
 * Turns what is thrown while a database is opened into an error for an
 * operator.
 *
 * @param path The database.
 * @param error Whatever was thrown.
 * @returns What to throw.
 */
export function openFailure(path: string, error: unknown): unknown {
  const what = `cannot open ${path}`;
  if (error instanceof UnusableStoreError) {
    const message = `${what}: ${error.message}`;
    return new UnusableStoreError(error.reason, message, { cause: error });
  }
  if (error instanceof Error && isSystemError(error)) {
    return new RuntimeError(`${what}: ${error.message}`, {
      hint: FOLDER_HINT,
      cause: error,
    });
  }
  return storeFailure(what, error);
}

/**
 * Turns what is thrown while a database's lock is taken into an error for an
 * operator.
 *
 * @param path The database.
 * @param error Whatever was thrown.
 * @returns What to throw.
 */
export function lockFailure(path: string, error: unknown): unknown {
  if (!isSqliteError(error) || !/locked/.test(error.message)) {
    return openFailure(path, error);
  }
  return new RuntimeError(`another program has ${path}`, {
    hint: "is this program running already? each needs a statedir of its own",
    cause: error,
  });
}

/** The system's own codes: `ENOENT`, `EROFS`. */
function isSystemError(error: Error): boolean {
  return "code" in error && /^E[A-Z0-9]+$/.test(String(error.code));
}
