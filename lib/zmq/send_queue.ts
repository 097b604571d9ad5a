/**
 * Sends messages over one socket in the order in which they were handed over.
 *
 * @module
 */

import type { Frames, MessageSocket } from "./ports.ts";
import { Condition } from "../async/tasks.ts";

/** A message, or one that is still to be made; `undefined`: there is none. */
export type OutgoingMessage = Frames | Promise<Frames | undefined>;

/** Options for {@link SendQueue}. */
export interface SendQueueOptions {
  /** Messages that may wait; above it the oldest is dropped and counted. @default {200000} */
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
   * Makes a queue with nothing in it.
   *
   * @param socket Where to.
   * @param options How it is set up.
   */
  constructor(socket: MessageSocket, options: SendQueueOptions = {}) {
    this.#socket = socket;
    this.#maxWaiting = options.maxWaiting ?? 200_000;
  }

  /** Messages that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages that wait, the one that is being sent among them. */
  get waiting(): number {
    return this.#waiting.length + this.#beingSent;
  }

  /**
   * Hands a message over.
   *
   * @param message One that is still to be made holds back those behind it.
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
   * Waits until fewer messages wait than `limit`: whoever makes a message of
   * each that it takes takes no more before.
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
   * @param signal Ends it; the promise then rejects with its reason.
   * @throws what the making of a message threw.
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

/** A message that is never made holds back no stop. */
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
