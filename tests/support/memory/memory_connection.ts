/**
 * A connection in memory; the test is its other end.
 *
 * @module
 */

import type { PeerConnection, PeerListener } from "../../../lib/front/ports.ts";
import { Condition } from "../../../lib/async/tasks.ts";

const NEVER = new AbortController().signal;

/** Bytes as a text with one character per byte. */
export function byteText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** One end of a connection. Each character is a byte. */
export class MemoryConnection implements PeerConnection {
  readonly address: string;
  /** The bytes written to the other end. */
  written = "";
  /** Whether the other end reads nothing, so that `write` waits. */
  blocked = false;
  /** Whether this end has finished writing. */
  saidAll = false;
  /** Whether this end is closed. */
  closed = false;
  readonly #changed = new Condition();
  #incoming = "";
  #isGone = false;

  constructor(address = "192.0.2.1") {
    this.address = address;
  }

  /** The other end sends data. */
  say(text: string): void {
    this.#incoming += text;
    this.#changed.notify();
  }

  /** The other end reads again. */
  unblock(): void {
    this.blocked = false;
    this.#changed.notify();
  }

  /** The other end closes. */
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

/** Accepts the connections that a test makes. */
export class MemoryListener implements PeerListener {
  closed = false;
  readonly #changed = new Condition();
  readonly #waiting: (MemoryConnection | "gone" | Error)[] = [];

  /** A peer connects, gives up at once, or fails. */
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
