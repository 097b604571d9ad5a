/**
 * Gives the file name of the system's C library.
 *
 * @param os The operating system, as `Deno.build.os` names it.
 * @returns The file's name, without a folder.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert/strict";
 * import { libcName } from "./libc_name.ts";
 *
 * strictEqual(libcName("linux"), "libc.so.6");
 * ```
 */
export function libcName(os: string): string {
  return os === "darwin" ? "libSystem.dylib" : "libc.so.6";
}
