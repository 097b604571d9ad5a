/**
 * What keeps a log from being read, in words with a way out.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/**
 * The error of a log that is none: a pipe has no place to go on from, and holds
 * up who writes to it.
 *
 * @param path Where it should be.
 * @param seen What is there.
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
 * The error for whoever runs the program.
 *
 * @param what What can't be done, such as `read`.
 * @param path To which file.
 * @param error What the system said.
 * @throws the error where the system did not say it: a bug.
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
