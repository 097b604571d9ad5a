/**
 * What the calls of a socket throw, and what it means.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/**
 * Waits for a call that does not wait itself.
 *
 * @returns What it gave; `undefined`: to be tried again, since it would have
 * waited or a signal came between.
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
 * What is thrown about an address that can't be had.
 *
 * @param how Which call failed.
 * @param url The address.
 * @param error What it threw; given back where it is none of a socket's.
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

/** Whether an error is the system's of that name, as in `EAGAIN`. */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
