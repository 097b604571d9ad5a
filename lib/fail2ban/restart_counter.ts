/**
 * Tells one run of fail2ban from the next.
 *
 * @module
 */

/**
 * Counts the fail2bans behind one socket: each makes the socket's file anew.
 *
 * @example
 * ```ts
 * import { RestartCounter } from "./restart_counter.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const servers = new RestartCounter();
 * for (const file of ["inode 7", "inode 7", "inode 8"]) servers.see(file);
 * strictEqual(servers.count, 2);
 * ```
 */
export class RestartCounter {
  #last: string | undefined;
  #count = 0;

  /** How many there were so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Takes note of a socket.
   *
   * @param file What tells its file from the one before; `undefined`: there is none.
   */
  see(file: string | undefined): void {
    if (file === undefined || file === this.#last) return;
    this.#last = file;
    this.#count++;
  }
}
