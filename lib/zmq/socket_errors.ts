/**
 * Errors of socket calls, and their meaning.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/**
 * Awaits a non-blocking call.
 *
 * @returns Its result; `undefined`: try again, because it would have blocked or
 *   a signal interrupted it.
 */
export async function unlessAgain<T>(
  promise: Promise<T>,
): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (hasCode(error, "EAGAIN") || hasCode(error, "EINTR")) return undefined;
    throw error;
  }
}

/**
 * Converts the error of a failed bind or connect for the operator.
 *
 * @param how The call that failed.
 * @param url The address.
 * @param error The error; returned unchanged if it is no `Error`.
 */
export function openRefusal(
  how: "bindSync" | "connect",
  url: string,
  error: unknown,
): unknown {
  if (!(error instanceof Error)) return error;
  const what = how === "connect" ? "connect to" : "listen on";
  return new RuntimeError(`cannot ${what} ${url}: ${error.message}`, {
    hint: hasCode(error, "EADDRINUSE")
      ? "another program, or another copy of this one, has that port"
      : "to listen, it must be an address of this host, and ports below 1024 need root",
    cause: error,
  });
}

/** Whether an error has a system error code such as `EAGAIN`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
