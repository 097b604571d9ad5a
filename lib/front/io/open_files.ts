/**
 * The number of files that this process may have open, by libc's `getrlimit`:
 * Deno allows reading `/proc/self/limits` only with all permissions.
 *
 * @see {@link https://man7.org/linux/man-pages/man2/getrlimit.2.html | getrlimit(2)}
 * @module
 */

import { libcName } from "../../log/libc_name.ts";

const RLIMIT_NOFILE = Deno.build.os === "linux" ? 7 : 8;
/** `RLIM_INFINITY`, and anything else that is out of reach. */
const MANY = 1n << 32n;

/**
 * The current limit; `Infinity` if there is none or the system does not tell.
 */
export function openFilesLimit(): number {
  const libc = Deno.dlopen(libcName(Deno.build.os), {
    getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  });
  // Soft limit and hard limit.
  const limits = new BigUint64Array(2);
  const { getrlimit } = libc.symbols;
  const result = getrlimit(RLIMIT_NOFILE, new Uint8Array(limits.buffer));
  libc.close();
  const [soft = MANY] = limits;
  return result !== 0 || soft >= MANY ? Infinity : Number(soft);
}
