/**
 * The publisher's side of a monitor's connections, in memory.
 *
 * @module
 */

import type { Connect, Frames } from "../../../lib/zmq/ports.ts";
import { frames, MemorySocket, texts } from "./memory_socket.ts";

/**
 * Receives requests over any number of connections and answers them in order.
 */
export class MemoryPublisher {
  /** Every connection, oldest first. */
  readonly connections: MemorySocket[] = [];
  /** All received requests, oldest first. */
  readonly heard: string[] = [];
  /** The answer to a request; `undefined` for none. */
  answer: (request: string) => string | undefined = (request) => request;
  /** Whether answers are held until {@link MemoryPublisher.release}. */
  holding = false;
  /**
   * Number of messages, requests and answers, after which each connection
   * silently dies. Further connections stay alive.
   */
  lifetimes: readonly number[] = [];
  /**
   * Numbers of requests, from 0, that are never answered: the publisher died
   * with them, and was back before the monitor missed the connection.
   */
  forgotten: readonly number[] = [];
  /** Maximum number of connections that were open at once. */
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

  /** The current connection. */
  get connection(): MemorySocket {
    const socket = this.connections.at(-1);
    if (socket === undefined) throw new Error("Nobody has connected");
    return socket;
  }

  /** Loses the held answers in a restart; the connections stay. */
  restart(): void {
    this.#held.length = 0;
  }

  /** Releases the oldest held answers, or all. */
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
