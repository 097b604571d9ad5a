/**
 * Sends questions to a bare ZeroMQ socket at a constant rate, and measures the
 * answers.
 *
 * @module
 */

import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import type { ZmqBench } from "../bench/zmq_bench.ts";
import { frames } from "../memory/memory_socket.ts";

const EVERY_MS = 20;

/** Asks every 20 ms without waiting for answers; reports each answer. */
export class Pings implements AsyncDisposable {
  readonly #socket: MessageSocket;
  readonly #onAnswered: (dueMs: number, tookMs: number) => void;
  readonly #gone = new AbortController();
  readonly #startMs = performance.now();
  readonly #work: Promise<unknown>;
  #asked = 0;

  /**
   * Starts.
   *
   * @param url URL of `echoing_peer.ts`.
   * @param onAnswered Called with the due time of a question, and its duration
   * since.
   */
  constructor(
    { context, limits }: ZmqBench,
    url: string,
    onAnswered: (dueMs: number, tookMs: number) => void,
  ) {
    this.#socket = context.dealer(url, limits);
    this.#onAnswered = onAnswered;
    this.#work = Promise.allSettled([this.#ask(), this.#hear()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort();
    await this.#work;
    await this.#socket[Symbol.asyncDispose]();
  }

  #dueMs(ping: number): number {
    return this.#startMs + ping * EVERY_MS;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#gone;
    while (!signal.aborted) {
      const waitMs = this.#dueMs(this.#asked) - performance.now();
      if (waitMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, waitMs));
        continue;
      }
      const dueMs = this.#dueMs(this.#asked++);
      await this.#socket.send(frames(String(dueMs)), signal);
    }
  }

  async #hear(): Promise<void> {
    while (true) {
      const [text] = await this.#socket.receive(this.#gone.signal);
      const dueMs = Number(new TextDecoder().decode(text));
      this.#onAnswered(dueMs, performance.now() - dueMs);
    }
  }
}
