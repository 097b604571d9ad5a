/**
 * Since when a fail2ban runs, as its socket's file shows: the server makes it
 * anew at each start and removes it at a stop. To look takes no right to talk.
 *
 * @module
 */

import type { Fail2banRun } from "../ports.ts";

/** A {@link Fail2banRun} of a socket. */
export class SocketFail2banRun implements Fail2banRun {
  readonly #path: string | undefined;

  /** @param path fail2ban's socket; `undefined`: nobody knows. */
  constructor(path: string | undefined) {
    this.#path = path;
  }

  startedMs(): number | undefined {
    if (this.#path === undefined) return undefined;
    try {
      return Deno.statSync(this.#path).mtime?.getTime();
    } catch (error) {
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }
}
