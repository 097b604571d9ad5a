/**
 * The publisher's side of a monitor's connections, without a network.
 *
 * @module
 */

import type { Connect, Frames } from "../../../lib/zmq/ports.ts";
import { frames, MemorySocket, texts } from "./memory_socket.ts";

/** Hears requests over any number of connections and answers them in order. */
export class MemoryPublisher {
  /** Every connection, oldest first. */
  readonly connections: MemorySocket[] = [];
  /** Every request that arrived, oldest first. */
  readonly heard: string[] = [];
  /** What a request is answered with; `undefined` is no answer. */
  answer: (request: string) => string | undefined = (request) => request;
  /** Whether answers are kept until {@link MemoryPublisher.release}. */
  holding = false;
  /**
   * How many messages, requests and answers, each connection carries before
   * it dies without a word. Those not named here live on.
   */
  lifetimes: readonly number[] = [];
  /**
   * Requests, counted from 0 as they come, that are never answered: the
   * publisher died with them and was back before the connection was missed.
   */
  forgotten: readonly number[] = [];
  /** How many connections were open at once, at most. */
  mostOpen = 0;
  readonly #held: (() => void)[] = [];

  /** Opens a connection. */
  readonly connect: Connect = () => {
    const socket = new MemorySocket();
    let left = this.lifetimes[this.connections.length] ?? Infinity;
    this.connections.push(socket);
    const open = this.connections.filter(({ closed }) => !closed).length;
    this.mostOpen = Math.max(this.mostOpen, open);
    socket.onSend = (message) => {
      if (left-- <= 0) return;
      this.#hear(message, (answer) => {
        if (left-- > 0) socket.give(answer);
      });
    };
    return socket;
  };

  /** The connection in use. */
  get connection(): MemorySocket {
    const socket = this.connections.at(-1);
    if (socket === undefined) throw new Error("Nobody has connected");
    return socket;
  }

  /** Dies with what was kept, and is back: the connections live on. */
  restart(): void {
    this.#held.length = 0;
  }

  /** Gives the oldest of the answers that were kept, so many or all. */
  release(count = Infinity): void {
    for (const give of this.#held.splice(0, count)) give();
  }

  #hear(message: Frames, reply: (answer: Frames) => void): void {
    const [delimiter, request = ""] = texts(message);
    if (delimiter !== "" || message.length !== 2) {
      throw new Error("A REQ puts an empty frame before its message");
    }
    const number = this.heard.push(request) - 1;
    const answer = this.answer(request);
    if (answer === undefined || this.forgotten.includes(number)) return;
    const give = () => reply(frames("", answer));
    if (this.holding) this.#held.push(give);
    else give();
  }
}
