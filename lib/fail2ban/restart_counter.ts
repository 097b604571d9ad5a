/**
 * Detects restarts of fail2ban.
 *
 * @module
 */

/**
 * Counts the servers behind one socket: each one creates the socket's file
 * anew.
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

  /** Number of servers so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Records the current socket file.
   *
   * @param file Identifies the file; `undefined`: there is none.
   */
  see(file: string | undefined): void {
    if (file === undefined || file === this.#last) return;
    this.#last = file;
    this.#count++;
  }
}
