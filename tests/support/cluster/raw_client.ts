import { deadline, deadlineSignal } from "../host/deadline.ts";
import { LibcPoll } from "../../../lib/zmq/io/libc_poll.ts";
import { ZmqContext } from "../../../lib/zmq/io/zmq_socket.ts";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";

/** Timeout of an answer on a quiet machine. */
const ANSWER_MS = 10_000;
const EMPTY = new Uint8Array();

/** UTF-8 bytes of a text. */
export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A client that may send anything, over a DEALER. */
export class RawClient implements AsyncDisposable {
  readonly #poll = new LibcPoll();
  readonly #context = new ZmqContext(this.#poll);
  readonly #socket: MessageSocket;

  constructor(url: string) {
    this.#socket = this.#context.dealer(url, {
      maxMessageBytes: 1 << 20,
      lingerMs: 1_000,
    });
  }

  /** Sends frames as they are. */
  async send(...frames: Uint8Array[]): Promise<void> {
    await this.#socket.send(frames, deadlineSignal(ANSWER_MS));
  }

  /** Sends a body behind the envelope of a REQ. */
  async request(...body: Uint8Array[]): Promise<void> {
    await this.send(EMPTY, ...body);
  }

  /** The next reply's text; `undefined` when none comes within `timeoutMs`. */
  async reply(timeoutMs = deadline(ANSWER_MS)): Promise<string | undefined> {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const frames = await this.#socket.receive(timeout);
      return new TextDecoder().decode(frames.at(-1));
    } catch (error) {
      if (error === timeout.reason) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context[Symbol.asyncDispose]();
    await this.#poll[Symbol.asyncDispose]();
  }
}
