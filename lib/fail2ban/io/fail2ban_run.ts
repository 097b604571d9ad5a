/**
 * Finds out when fail2ban was started, by its socket's file: the server creates
 * it at each start and removes it at a stop. No permission to use the socket is
 * needed.
 *
 * @module
 */

import type { Fail2banRun } from "../ports.ts";

/** A {@link Fail2banRun} that looks at a socket. */
export class SocketFail2banRun implements Fail2banRun {
  readonly #path: string | undefined;

  /** @param path fail2ban's socket; `undefined`: unknown. */
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
