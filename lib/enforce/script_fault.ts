/**
 * What keeps the system from starting a program, told by its first bytes: all
 * that the system says is that there is no such file.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/execve.2.html | execve(2)}
 * @module
 */

/** Number of bytes in which the system looks for a script's interpreter. */
export const SCRIPT_HEAD_BYTES = 256;

/** What a program begins with. */
export type ProgramHead =
  /** No first line of a script: the system or a shell knows what to do. */
  | { readonly kind: "other" }
  /** A script that names its interpreter. */
  | { readonly kind: "script"; readonly interpreter: string }
  /** A script that the system can't start. */
  | { readonly kind: "windows"; readonly reason: string };

/**
 * Reads a program's first bytes.
 *
 * @param bytes At most {@link SCRIPT_HEAD_BYTES}.
 *
 * @example
 * ```ts
 * import { readProgramHead } from "./script_fault.ts";
 * import { deepStrictEqual, strictEqual } from "node:assert/strict";
 *
 * const headOf = (text: string) => readProgramHead(new TextEncoder().encode(text));
 * deepStrictEqual(headOf("#!/bin/sh -e\n"), { kind: "script", interpreter: "/bin/sh" });
 * strictEqual(headOf("#!/bin/sh\r\n").kind, "windows");
 * ```
 */
export function readProgramHead(bytes: Uint8Array): ProgramHead {
  const [line = ""] = new TextDecoder().decode(bytes).split("\n", 1);
  if (!line.startsWith("#!")) return { kind: "other" };
  if (line.endsWith("\r")) {
    const reason = "its lines end as on Windows (CRLF), " +
      "and the system looks for an interpreter with a carriage return in its name";
    return { kind: "windows", reason };
  }
  const [interpreter = ""] = line.slice(2).trim().split(/[ \t]/, 1);
  return { kind: "script", interpreter };
}
