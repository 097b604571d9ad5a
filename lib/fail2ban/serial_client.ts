/**
 * One connection to fail2ban for several callers.
 *
 * @module
 */

import { Mutex } from "../async/mutex.ts";
import type { Fail2banClient, Fail2banReply } from "./ports.ts";

/** Passes the commands of several callers to a client, one at a time. */
export class SerialClient implements Fail2banClient {
  readonly #client: Fail2banClient;
  readonly #mutex = new Mutex();

  /** @param client The client; disposed of together with this. */
  constructor(client: Fail2banClient) {
    this.#client = client;
  }

  get servers(): number {
    return this.#client.servers;
  }

  async command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply> {
    return await this.#mutex.withLock(
      signal,
      () => this.#client.command(words, signal),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
  }
}
