/**
 * Kinds of options that only what enforces bans has; see `option_value.ts`.
 *
 * @module
 */

import { isAbsolutePath, type ValueKind } from "./value_kinds.ts";

/** Above it the system takes no path of a socket. */
const MAX_SOCKET_PATH_BYTES = 107;

/** The path of a Unix socket. */
export const socketPathKind: ValueKind<string> = {
  placeholder: "PATH",
  expected: `an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  read: (text) =>
    isAbsolutePath(text) &&
      new TextEncoder().encode(text).length <= MAX_SOCKET_PATH_BYTES
      ? text
      : undefined,
};

/** So many in a second, or `none`, which is read as `Infinity`. */
export const rateKind: ValueKind<number> = {
  placeholder: "NUMBER|none",
  expected: "a whole number from 1 to 1000000 or none",
  read: (text) => {
    if (text.toLowerCase() === "none") return Infinity;
    const value = Number(text);
    return /^\d{1,7}$/.test(text) && value >= 1 && value <= 1_000_000
      ? value
      : undefined;
  },
};
