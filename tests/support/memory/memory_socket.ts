/**
 * A message socket in memory.
 *
 * @module
 */

import type { Frames, MessageSocket } from "../../../lib/zmq/ports.ts";
import { Condition } from "../../../lib/async/tasks.ts";

/** Stores sent messages, and returns those that a test supplies. */
export class MemorySocket implements MessageSocket {
  /** The sent messages, oldest first. */
  readonly sent: Frames[] = [];
  /** Called after each sent message. */
  onSend: (frames: Frames) => void = () => {};
  /** Whether the peer's queue is full, so that `send` waits. */
  blocked = false;
  /** Whether it was disposed of. */
  closed = false;
  readonly #changed = new Condition();
  readonly #incoming: Frames[] = [];
  #failure: Error | undefined;
  #sending = false;
  #receiving = false;

  /** Number of messages not received yet. */
  get unread(): number {
    return this.#incoming.length;
  }

  /** Supplies a message to receive. */
  give(frames: Frames): void {
    this.#incoming.push(frames);
    this.#changed.notify();
  }

  /** The peer reads again. */
  unblock(): void {
    this.blocked = false;
    this.#changed.notify();
  }

  /** Makes `receive` fail after the supplied messages. */
  fail(error: Error): void {
    this.#failure = error;
    this.#changed.notify();
  }

  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    if (this.#sending) throw new Error("Cannot send: a send is under way");
    this.#sending = true;
    try {
      while (this.blocked) await this.#changed.wait(signal);
      signal.throwIfAborted();
      this.sent.push(frames);
    } finally {
      this.#sending = false;
    }
    this.onSend(frames);
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    if (this.#receiving) {
      throw new Error("Cannot receive: a receive is under way");
    }
    this.#receiving = true;
    try {
      while (true) {
        const frames = this.#incoming.shift();
        if (frames !== undefined) return frames;
        if (this.#failure !== undefined) throw this.#failure;
        await this.#changed.wait(signal);
      }
    } finally {
      this.#receiving = false;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

/** Frames of text. */
export function frames(...texts: string[]): Frames {
  return texts.map((text) => new TextEncoder().encode(text));
}

/** The texts of frames. */
export function texts(message: Frames): string[] {
  return message.map((frame) => new TextDecoder().decode(frame));
}
