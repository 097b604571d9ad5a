/**
 * Finds the active one of several publishers: only that one answers.
 *
 * @module
 */

import type { Frames, MessageSocket } from "../zmq/ports.ts";
import type { PublisherAddresses } from "./publisher_addresses.ts";

/** A connection to one of several publishers. */
export interface PossibleConnection {
  readonly socket: MessageSocket;
  /** Called when its publisher was the first to answer. */
  readonly onFirst: () => void;
}

interface Answered {
  readonly each: PossibleConnection;
  readonly frames: Frames;
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
  /** Ends the search, which goes on between `send` and `receive`. */
  readonly #ended = new AbortController();
  #answers: readonly Promise<Answered>[] = [];
  #first: MessageSocket | undefined;
  #closing: Promise<void> | undefined;

  /**
   * @param possible The connections; they are closed together with this one.
   */
  constructor(possible: readonly PossibleConnection[]) {
    this.#possible = possible;
  }

  /**
   * Sends a message. The first one goes to all publishers, and counts as sent
   * once one of them has taken it; it still goes to the others meanwhile.
   */
  async send(frames: Frames, signal: AbortSignal): Promise<void> {
    if (this.#first !== undefined) {
      return await this.#first.send(frames, signal);
    }
    const { signal: ended } = this.#ended;
    const asked = this.#possible.map((each) => ({
      each,
      sent: each.socket.send(frames, ended),
    }));
    this.#answers = asked.map(async ({ each, sent }) => {
      await sent;
      return { each, frames: await each.socket.receive(ended) };
    });
    // Whoever receives is told.
    for (const answer of this.#answers) answer.catch(() => {});
    await this.#firstOf(asked.map(({ sent }) => sent), signal);
  }

  async receive(signal: AbortSignal): Promise<Frames> {
    if (this.#first !== undefined) return await this.#first.receive(signal);
    if (this.#answers.length === 0) throw new Error("Nothing was said yet");
    try {
      const { each, frames } = await this.#firstOf(this.#answers, signal);
      this.#first = each.socket;
      each.onFirst();
      return frames;
    } finally {
      await this.#endSearch();
      this.#closeOthers();
    }
  }

  /** The first that succeeds; an abort ends the search. */
  async #firstOf<T>(
    promises: readonly Promise<T>[],
    signal: AbortSignal,
  ): Promise<T> {
    const abort = () => this.#ended.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await Promise.any(promises);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof AggregateError ? error.errors[0] : error;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  async #endSearch(): Promise<void> {
    this.#ended.abort(new Error("another answered first"));
    await Promise.allSettled(this.#answers);
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
    await this.#endSearch();
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
