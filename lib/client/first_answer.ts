/**
 * Finds the one of several publishers that serves: only the active one answers.
 *
 * @module
 */

import { EitherSignal } from "../async/either_signal.ts";
import type { Frames, MessageSocket } from "../zmq/ports.ts";
import type { PublisherAddresses } from "./publisher_addresses.ts";

/** A connection that may be the one. */
export interface PossibleConnection {
  readonly socket: MessageSocket;
  /** Called when its publisher has answered first. */
  readonly onFirst: () => void;
}

/**
 * Longest pause between attempts to connect to one of several, in milliseconds:
 * the next active publisher listens a moment after the last one has left. Each
 * attempt costs thousands of nodes and the hosts that refuse them something.
 */
const RECONNECT_MAX_MS = 100;

/**
 * Connects to where the publisher is, or to all of them at once.
 *
 * @param addresses Where it may be.
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
 * A connection to each of several publishers, of which the one stays that
 * answers the first message first; the others are closed then. One that is
 * frozen holds up nobody: it was asked by a connection of its own.
 */
export class FirstAnswer implements MessageSocket {
  #possible: readonly PossibleConnection[];
  #first: MessageSocket | undefined;
  #greeting: Frames | undefined;
  #closing: Promise<void> | undefined;

  /** @param possible The connections; each is closed with this. */
  constructor(possible: readonly PossibleConnection[]) {
    this.#possible = possible;
  }

  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    if (this.#first !== undefined) {
      return await this.#first.send(frames, signal);
    }
    // Sent to all while an answer is waited for: to some there is no way now.
    this.#greeting = frames;
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    if (this.#first !== undefined) return await this.#first.receive(signal);
    const greeting = this.#greeting;
    if (greeting === undefined) throw new Error("Nothing was said yet");
    const ended = new AbortController();
    using either = new EitherSignal([signal, ended.signal]);
    const asked = this.#possible.map(async (each) => {
      await each.socket.send(greeting, either.signal);
      return { each, frames: await each.socket.receive(either.signal) };
    });
    try {
      const { each, frames } = await Promise.any(asked);
      this.#first = each.socket;
      each.onFirst();
      return frames;
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      ended.abort(new Error("another answered first"));
      await Promise.allSettled(asked);
      this.#closeOthers();
    }
  }

  /** The conversation need not wait for it. */
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
