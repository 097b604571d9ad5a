/**
 * The publisher's control socket without a network: a model that takes each
 * event once.
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

/** The name of a store. */
export const EPOCH = "0123456789abcdef".repeat(2) as Epoch;

/** Hears nodes over any number of connections, one after the other. */
export class MemoryControl {
  /** Every connection, oldest first. */
  readonly connections: MemorySocket[] = [];
  /** Every message that arrived, oldest first. */
  readonly heard: NodeMessage[] = [];
  /** What became of bans, without how long ago: `failed broken 192.0.2.3: why`. */
  get words(): string[] {
    return this.heard.flatMap((message) =>
      message.kind === "RECEIPTS" ? message.results : []
    ).map(({ action, outcome, jail, address, detail }) =>
      `${action} ${outcome} ${jail} ${address}: ${detail}`
    );
  }
  /** Events that count, in the order in which they did. */
  readonly counted: NodeEvent[] = [];
  /** What HELLO is answered with instead of WELCOME. */
  refusal: ErrorCode | undefined;
  /** What is answered to batches instead of an ACK: one each, then ACKs again. */
  readonly stumbles: ErrorCode[] = [];
  /** What becomes of an event that is new. */
  judge: (event: NodeEvent) => EventResult = () => ({
    ...{ outcome: "accepted", rule: "", change: this.counted.length + 1 },
  });
  /** Whether answers to batches are kept until {@link MemoryControl.release}. */
  holding = false;
  /** Whether nothing is answered at all. */
  silent = false;
  /** Messages, both ways, that each connection carries before it dies without a word. */
  lifetimes: readonly number[] = [];
  /** Numbers, counted over all, of the messages that get lost on their way. */
  lost: ReadonlySet<number> = new Set();
  /** Connections that were open at once, at most. */
  mostOpen = 0;
  epoch = EPOCH;
  maxEvents = 100;
  /** What a WELCOME says of who is never banned. */
  allowlist = EMPTY_ALLOWLIST;
  readonly #known = new Set<EventId>();
  readonly #held: (() => void)[] = [];
  #sessions = new Set<SessionId>();
  #sessionCount = 0;
  #carried = 0;

  /** Opens a connection. */
  readonly connect: Connect = () => {
    const socket = new MemorySocket();
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

  /** The connection in use. */
  get connection(): MemorySocket {
    const socket = this.connections.at(-1);
    if (socket === undefined) throw new Error("Nobody has connected");
    return socket;
  }

  /** The batches that arrived: the addresses of each. */
  get batches(): string[][] {
    return this.heard.flatMap((message) =>
      message.kind === "EVENTS"
        ? [message.events.map(({ address }) => address)]
        : []
    );
  }

  /** Says something over the connection in use. */
  say(message: PublisherMessage): void {
    this.connection.give(encodePublisherMessage(message));
  }

  /** Gives answers that were kept: the oldest, or all in the order that `pick` makes. */
  release(
    pick: (held: (() => void)[]) => (() => void)[] = (held) => held,
  ): void {
    for (const give of pick(this.#held.splice(0))) give();
  }

  /** Keeps answers for the next {@link MemoryControl.release}. */
  keep(held: readonly (() => void)[]): void {
    this.#held.push(...held);
  }

  /** Forgets every session, as a restart does. */
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
    const isReceipts = message.kind === "RECEIPTS";
    if (message.kind !== "EVENTS" && !isReceipts) {
      throw new Error("Not a monitor's message");
    }
    const code = this.stumbles.shift();
    if (code !== undefined) {
      return reply({ kind: "ERROR", code, message: "for a test" });
    }
    const results = isReceipts
      ? []
      : message.events.map((event) => this.#take(event));
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
