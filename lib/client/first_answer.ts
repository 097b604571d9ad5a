/**
 * Finds the active one of several publishers: only that one answers.
 *
 * @module
 */

import { EitherSignal } from "../async/either_signal.ts";
import type { Frames, MessageSocket } from "../zmq/ports.ts";
import type { PublisherAddresses } from "./publisher_addresses.ts";

/** A connection to one of several publishers. */
export interface PossibleConnection {
  readonly socket: MessageSocket;
  /** Called when its publisher was the first to answer. */
  readonly onFirst: () => void;
}

/**
 * Longest pause between attempts to connect to one of several publishers, in
 * milliseconds: the next active publisher listens shortly after the last one
 * has left. Shorter pauses would make thousands of nodes a load for the hosts
 * that refuse them.
 */
const RECONNECT_MAX_MS = 100;

/**
 * Connects to the publisher, or to several of them at the same time.
 *
 * @param addresses Their addresses.
 * @param connect Opens a connection (a DEALER) to a control socket.
 */
export function connectToAny(
  addresses: PublisherAddresses,
  connect: (controlUrl: string, reconnectMaxMs?: number) => MessageSocket,
): MessageSocket {
  const [first, ...others] = addresses.next();
  if (others.length === 0) return connect(first.controlUrl);
  return new FirstAnswer([first, ...others].map((address) => ({
    socket: connect(address.controlUrl, RECONNECT_MAX_MS),
    onFirst: () => addresses.choose(address),
  })));
}

/**
 * Connections to several publishers. The first one whose publisher answers the
 * first message stays, and the others are closed. A frozen publisher delays
 * nobody, because each has its own connection.
 */
export class FirstAnswer implements MessageSocket {
  #possible: readonly PossibleConnection[];
  #first: MessageSocket | undefined;
  #answer: Frames | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param possible The connections; they are closed together with this one.
   */
  constructor(possible: readonly PossibleConnection[]) {
    this.#possible = possible;
  }

  /**
   * Sends a message. The first one goes to all publishers, and counts as sent
   * once one of them has answered: only then it is known who the receiver is.
   */
  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    if (this.#first === undefined) await this.#ask(frames, signal);
    else await this.#first.send(frames, signal);
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    if (this.#first === undefined) throw new Error("Nothing was said yet");
    const answer = this.#answer;
    this.#answer = undefined;
    return answer ?? await this.#first.receive(signal);
  }

  async #ask(greeting: Frames, signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    using either = new EitherSignal([signal, ended.signal]);
    const asked = this.#possible.map(async (each) => {
      await each.socket.send(greeting, either.signal);
      return { each, frames: await each.socket.receive(either.signal) };
    });
    try {
      const { each, frames } = await Promise.any(asked);
      this.#first = each.socket;
      this.#answer = frames;
      each.onFirst();
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      ended.abort(new Error("another answered first"));
      await Promise.allSettled(asked);
      this.#closeOthers();
    }
  }

  /** Starts to close the other connections; the session does not wait for it. */
  #closeOthers(): void {
    const first = this.#first;
    if (first === undefined) return;
    const others = this.#possible.filter(({ socket }) => socket !== first);
    this.#possible = this.#possible.filter(({ socket }) => socket === first);
    this.#closing = closeAll(others);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeAll(this.#possible);
    await this.#closing;
  }
}

async function closeAll(
  connections: readonly PossibleConnection[],
): Promise<void> {
  await Promise.all(
    connections.map(({ socket }) => socket[Symbol.asyncDispose]()),
  );
}
