/**
 * A connection without a network: what the other end says and takes is up to
 * the test.
 *
 * @module
 */

import type { PeerConnection, PeerListener } from "../../../lib/front/ports.ts";
import { Condition } from "../../../lib/async/tasks.ts";

const NEVER = new AbortController().signal;

/** Bytes as a text with a character for each. */
export function byteText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** One end; the test is the other. Each character is a byte. */
export class MemoryConnection implements PeerConnection {
  readonly address: string;
  /** What was written to the other end. */
  written = "";
  /** Whether the other end takes nothing, so that `write` waits. */
  blocked = false;
  /** Whether this end says no more. */
  saidAll = false;
  /** Whether this end is closed. */
  closed = false;
  readonly #changed = new Condition();
  #incoming = "";
  #isGone = false;

  constructor(address = "192.0.2.1") {
    this.address = address;
  }

  /** The other end says something. */
  say(text: string): void {
    this.#incoming += text;
    this.#changed.notify();
  }

  /** The other end takes again what it is told. */
  unblock(): void {
    this.blocked = false;
    this.#changed.notify();
  }

  /** The other end goes. */
  go(): void {
    this.#isGone = true;
    this.#changed.notify();
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    while (this.#incoming === "") {
      if (this.closed || this.#isGone) return 0;
      await this.#changed.wait(NEVER);
    }
    const text = this.#incoming.slice(0, buffer.length);
    this.#incoming = this.#incoming.slice(buffer.length);
    for (let at = 0; at < text.length; at++) buffer[at] = text.charCodeAt(at);
    return text.length;
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    while (this.blocked && !this.closed && !this.#isGone) {
      await this.#changed.wait(NEVER);
    }
    if (this.closed || this.#isGone) return false;
    this.written += byteText(bytes);
    return true;
  }

  closeWrite(): Promise<void> {
    this.saidAll = true;
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.#changed.notify();
  }
}

/** Gives the connections that the test makes. */
export class MemoryListener implements PeerListener {
  closed = false;
  readonly #changed = new Condition();
  readonly #waiting: (MemoryConnection | "gone" | Error)[] = [];

  /** A peer connects, or gives up at once, or can't. */
  give(connection: MemoryConnection | "gone" | Error): void {
    this.#waiting.push(connection);
    this.#changed.notify();
  }

  async accept(): Promise<PeerConnection | "gone" | undefined> {
    while (true) {
      const next = this.#waiting.shift();
      if (next instanceof Error) throw next;
      if (next !== undefined) return next;
      if (this.closed) return undefined;
      await this.#changed.wait(NEVER);
    }
  }

  close(): void {
    this.closed = true;
    this.#changed.notify();
  }
}
