/**
 * Errors of logs that can't be read, with a hint for the operator.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/**
 * The error for a log that is not a file: a pipe has no position to continue
 * from, and blocks its writer.
 *
 * @param path Where the log should be.
 * @param seen What is there instead.
 */
export function notAFile(
  path: string,
  { isFifo }: { readonly isFifo: boolean | null },
): RuntimeError {
  if (isFifo === true) {
    const reason =
      "fail2ban, which writes to it, stands still while nobody reads";
    return new RuntimeError(`${path} is a pipe, and ${reason}`, {
      hint:
        "set logtarget = /var/log/fail2ban.log in /etc/fail2ban/fail2ban.local, restart fail2ban, and set fail2banlogpath to that file",
    });
  }
  return new RuntimeError(`${path} is not a file`, {
    hint: "fail2banlogpath must be the file that fail2ban writes",
  });
}

/**
 * The error for the operator.
 *
 * @param what What failed, such as `read`.
 * @param path The file.
 * @param error The system's error.
 * @throws the error if it is not the system's: a bug.
 */
export function cannot(
  what: string,
  path: string,
  error: unknown,
): RuntimeError {
  if (error instanceof RuntimeError) return error;
  if (!(error instanceof Error) || !("code" in error)) throw error;
  const isForbidden = error.name === "PermissionDenied";
  const reason = isForbidden ? "permission denied" : error.message;
  return new RuntimeError(`cannot ${what} ${path}: ${reason}`, {
    hint: isForbidden
      ? "run as root, or let a group that may read the log run it"
      : "see whether fail2banlogpath is the file that fail2ban writes",
    cause: error,
  });
}
