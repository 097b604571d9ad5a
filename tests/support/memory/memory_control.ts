/**
 * The publisher's control socket in memory: a model that counts each event
 * once.
 *
 * @module
 */

import type { Epoch, EventId, SessionId } from "../../../lib/base/ids.ts";
import type {
  ErrorCode,
  EventResult,
  NodeEvent,
  NodeMessage,
  PublisherMessage,
} from "../../../lib/wire/v2_messages.ts";
import { EMPTY_ALLOWLIST } from "../../../lib/protection/allowlist.ts";
import type { Connect } from "../../../lib/zmq/ports.ts";
import {
  decodeNodeMessage,
  encodePublisherMessage,
} from "../../../lib/wire/v2.ts";
import { MemorySocket } from "./memory_socket.ts";

/** The epoch of a store. */
export const EPOCH = "0123456789abcdef".repeat(2) as Epoch;

/** Serves nodes over any number of connections. */
export class MemoryControl {
  /** Every connection, oldest first. */
  readonly connections: MemorySocket[] = [];
  /** All received messages, oldest first. */
  readonly heard: NodeMessage[] = [];
  /** The counted events, in order. */
  readonly counted: NodeEvent[] = [];
  /** The error code that answers HELLO instead of WELCOME. */
  refusal: ErrorCode | undefined;
  /** Error codes that answer the next batches instead of an ACK, one each. */
  readonly stumbles: ErrorCode[] = [];
  /** The result of a new event. */
  judge: (event: NodeEvent) => EventResult = () => ({
    ...{ outcome: "accepted", rule: "", change: this.counted.length + 1 },
  });
  /**
   * Whether answers to batches are held until {@link MemoryControl.release}.
   */
  holding = false;
  /** Whether nothing is answered. */
  silent = false;
  /** Whether new connections are still being made, and take nothing. */
  connecting = false;
  /**
   * Number of messages, in both directions, after which each connection
   * silently dies.
   */
  lifetimes: readonly number[] = [];
  /** Numbers of the messages that get lost, counted over all connections. */
  lost: ReadonlySet<number> = new Set();
  /** Maximum number of connections that were open at once. */
  mostOpen = 0;
  epoch = EPOCH;
  maxEvents = 100;
  /** The allowlist in WELCOME. */
  allowlist = EMPTY_ALLOWLIST;
  readonly #known = new Set<EventId>();
  readonly #held: (() => void)[] = [];
  #sessions = new Set<SessionId>();
  #sessionCount = 0;
  #carried = 0;

  /** Opens a connection. */
  readonly connect: Connect = () => {
    const socket = new MemorySocket();
    socket.blocked = this.connecting;
    let left = this.lifetimes[this.connections.length] ?? Infinity;
    this.connections.push(socket);
    const open = this.connections.filter(({ closed }) => !closed).length;
    this.mostOpen = Math.max(this.mostOpen, open);
    const passes = () => left-- > 0 && !this.lost.has(this.#carried++);
    socket.onSend = (frames) => {
      if (!passes()) return;
      const decoded = decodeNodeMessage(frames);
      if (!decoded.ok) throw new Error(`Not understood: ${decoded.reason}`);
      this.#hear(decoded.value, (message) => {
        if (passes()) socket.give(encodePublisherMessage(message));
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

  /** The addresses of each received batch. */
  get batches(): string[][] {
    return this.heard.flatMap((message) =>
      message.kind === "EVENTS"
        ? [message.events.map(({ address }) => address)]
        : []
    );
  }

  /** Sends a message over the current connection. */
  say(message: PublisherMessage): void {
    this.connection.give(encodePublisherMessage(message));
  }

  /** Releases held answers: all, in the order that `pick` makes. */
  release(
    pick: (held: (() => void)[]) => (() => void)[] = (held) => held,
  ): void {
    for (const give of pick(this.#held.splice(0))) give();
  }

  /** Holds answers for the next {@link MemoryControl.release}. */
  keep(held: readonly (() => void)[]): void {
    this.#held.push(...held);
  }

  /** Forgets all sessions, like a restart. */
  restart(): void {
    this.#sessions = new Set();
  }

  #hear(message: NodeMessage, reply: (answer: PublisherMessage) => void) {
    this.heard.push(message);
    if (this.silent) return;
    if (message.kind === "HELLO") return reply(this.#welcome());
    if (!this.#sessions.has(message.session)) {
      return reply({ kind: "ERROR", code: "session", message: "" });
    }
    if (message.kind === "STATE") return reply({ kind: "HEARD" });
    if (message.kind === "BYE") {
      this.#sessions.delete(message.session);
      return reply({ kind: "ACK", batch: 0, results: [] });
    }
    if (message.kind !== "EVENTS") throw new Error("Not a monitor's message");
    const code = this.stumbles.shift();
    if (code !== undefined) {
      return reply({ kind: "ERROR", code, message: "for a test" });
    }
    const results = message.events.map((event) => this.#take(event));
    const { batch } = message;
    const give = () => reply({ kind: "ACK", batch, results });
    if (this.holding) this.#held.push(give);
    else give();
  }

  #welcome(): PublisherMessage {
    if (this.refusal !== undefined) {
      return { kind: "ERROR", code: this.refusal, message: "for a test" };
    }
    const digits = String(++this.#sessionCount).padStart(32, "0");
    const session = digits as SessionId;
    this.#sessions.add(session);
    return {
      ...{ kind: "WELCOME", session, speaks: 1, epoch: this.epoch },
      seq: this.counted.length,
      limits: { maxEvents: this.maxEvents, maxReceipts: 100 },
      ...this.allowlist,
    };
  }

  #take(event: NodeEvent): EventResult {
    if (this.#known.has(event.id)) {
      return { outcome: "known", rule: "", change: null };
    }
    const result = this.judge(event);
    if (result.outcome === "accepted") {
      this.#known.add(event.id);
      this.counted.push(event);
    }
    return result;
  }
}
