/**
 * Sends messages over one socket in the order in which they were queued.
 *
 * @module
 */

import type { Frames, MessageSocket } from "./ports.ts";
import { Condition } from "../async/tasks.ts";

/** A message, or a promise of one; `undefined`: there is nothing to send. */
export type OutgoingMessage = Frames | Promise<Frames | undefined>;

/** Options for {@link SendQueue}. */
export interface SendQueueOptions {
  /**
   * Messages that may wait; beyond it the oldest is dropped and counted.
   *
   * @default {200000}
   */
  readonly maxWaiting?: number;
}

/** A queue in front of a socket that takes one message at a time. */
export class SendQueue {
  readonly #socket: MessageSocket;
  readonly #maxWaiting: number;
  readonly #changed = new Condition();
  readonly #sent = new Condition();
  #waiting: OutgoingMessage[] = [];
  #beingSent = 0;
  #dropped = 0;

  /**
   * Creates an empty queue.
   *
   * @param socket Sends the messages.
   * @param options See {@link SendQueueOptions}.
   */
  constructor(socket: MessageSocket, options: SendQueueOptions = {}) {
    this.#socket = socket;
    this.#maxWaiting = options.maxWaiting ?? 200_000;
  }

  /** Number of dropped messages. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages that wait, including the one being sent. */
  get waiting(): number {
    return this.#waiting.length + this.#beingSent;
  }

  /**
   * Queues a message.
   *
   * @param message A promise holds back the messages behind it until it
   *   resolves.
   */
  put(message: OutgoingMessage): void {
    this.#waiting.push(message);
    if (this.#waiting.length > this.#maxWaiting) {
      this.#waiting.shift();
      this.#dropped++;
    }
    this.#changed.notify();
  }

  /**
   * Waits until fewer than `limit` messages wait. A caller that makes a message
   * from each one it receives calls this before it receives the next.
   *
   * @param limit Above 0.
   * @param signal Ends the wait; the promise then rejects with its reason.
   */
  async room(limit: number, signal: AbortSignal): Promise<void> {
    while (this.waiting >= limit) await this.#sent.wait(signal);
  }

  /**
   * Sends until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
   * @throws whatever making a message threw.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#waiting.length === 0) await this.#changed.wait(signal);
      const messages = this.#waiting;
      this.#waiting = [];
      this.#beingSent = messages.length;
      for (const message of messages) {
        const frames = message instanceof Promise
          ? await orAborted(message, signal)
          : message;
        if (frames !== undefined) await this.#socket.send(frames, signal);
        this.#beingSent--;
        this.#sent.notify();
      }
    }
  }
}

/**
 * Waits for a promise or the abort, so that a pending message can't block a
 * stop.
 */
async function orAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
