/**
 * What the publisher sends to every subscriber: changes once they are kept, those
 * that wait together in as few messages as hold them, and a heartbeat every second,
 * or sooner where a copy has caught up: it follows once it hears one.
 *
 * A message costs as much as there are subscribers, whatever is in it: each
 * connection is encrypted for itself and handed on for itself. So after one the
 * next change waits for as long as that takes, together with others that come
 * meanwhile; a change that comes alone goes at once.
 *
 * @module
 */

import { HEARTBEAT_MS } from "../wire/presence_pace.ts";
import { encodeChanges, encodeStreamMessage } from "../wire/v2.ts";
import type { Change } from "../ban/ban.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { Epoch } from "../base/ids.ts";
import { SendQueue } from "../zmq/send_queue.ts";
import type { Clock } from "../async/clock.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { Condition, inTime, runTogether } from "../async/tasks.ts";
import { wireChange } from "../wire/wire_times.ts";

/** Options for {@link ChangeStream}. */
export interface ChangeStreamOptions {
  /** A PUB that subscribers listen to. */
  readonly socket: MessageSocket;
  readonly clock: Clock;
  readonly epoch: Epoch;
  /** The number of the last change. */
  readonly seq: () => number;
  /** The revision of the allowlist that counts. */
  readonly revision: () => number;
  /** How many listen. @default {a few} */
  readonly listeners?: (() => number) | undefined;
}

/** What handing a message on to a subscriber takes, in milliseconds. */
const MS_PER_LISTENER = 0.02;
/** Longest pause between two messages, in milliseconds, however many listen. */
const MAX_PAUSE_MS = 50;
/** A shorter pause is none. */
const MIN_PAUSE_MS = 1;
/** Between two heartbeats, in milliseconds, at least, and so much more for each subscriber. */
const [MIN_BEAT_MS, BEAT_MS_PER_LISTENER] = [100, 0.2];
/**
 * How long they come so soon, in milliseconds: a copy that has caught up may not be
 * connected to the stream yet, and would hear of what is told meanwhile a second later.
 */
const SOON_MS = 1_000;
/** As many changes go without a pause: their messages are full. */
const MANY_CHANGES = 500;

/** Tells until it is stopped. */
export class ChangeStream {
  readonly #options: ChangeStreamOptions;
  readonly #sendQueue: SendQueue;
  readonly #added = new Condition();
  readonly #wanted = new Condition();
  /** Until when heartbeats come soon, by the monotonic clock. */
  #soonUntilMs = -Infinity;
  #waiting: Change[] = [];
  /** When the next changes may go, by the monotonic clock. */
  #dueMs = -Infinity;

  /** @param options See {@link ChangeStreamOptions}. */
  constructor(options: ChangeStreamOptions) {
    this.#options = options;
    this.#sendQueue = new SendQueue(options.socket);
  }

  /** Messages that were dropped: subscribers notice, and ask for them. */
  get dropped(): number {
    return this.#sendQueue.dropped;
  }

  /** Tells of changes, in their order. */
  publish(kept: readonly KeptChange[]): void {
    for (const { change } of kept) this.#waiting.push(change);
    const isDue = this.#options.clock.monotonicMs() >= this.#dueMs;
    if (isDue || this.#waiting.length >= MANY_CHANGES) this.#sendWaiting();
    else this.#added.notify();
  }

  #sendWaiting(): void {
    if (this.#waiting.length === 0) return;
    const { clock, epoch, listeners } = this.#options;
    const nowMs = clock.nowMs();
    const changes = this.#waiting.map((change) => wireChange(change, nowMs));
    this.#waiting = [];
    for (const frames of encodeChanges(epoch, changes)) {
      this.#sendQueue.put(frames);
    }
    const pauseMs = (listeners?.() ?? 0) * MS_PER_LISTENER;
    this.#dueMs = pauseMs < MIN_PAUSE_MS
      ? -Infinity
      : clock.monotonicMs() + Math.min(pauseMs, MAX_PAUSE_MS);
  }

  /** Asks subscribers what they would do with a ban, behind all changes so far; `null`: all of them. */
  probe(order: number, address: Address, node: HostName | null): void {
    const { epoch } = this.#options;
    this.#sendWaiting();
    const probe = { kind: "P", epoch, order, address, node } as const;
    this.#sendQueue.put(encodeStreamMessage(probe));
  }

  /** Has heartbeats come soon for a while: a copy has caught up. */
  beatSoon(): void {
    this.#soonUntilMs = this.#options.clock.monotonicMs() + SOON_MS;
    this.#wanted.notify();
  }

  /**
   * Sends and beats until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#sendQueue.run(group),
      (group) => this.#beat(group),
      (group) => this.#sendLater(group),
    ]);
  }

  /** What had to wait. */
  async #sendLater(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      while (this.#waiting.length === 0) await this.#added.wait(signal);
      const leftMs = this.#dueMs - clock.monotonicMs();
      if (leftMs > 0) await clock.delay(leftMs, signal);
      else this.#sendWaiting();
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, epoch, seq, revision, listeners } = this.#options;
    while (true) {
      // Who hears of a number must have heard of the changes up to it.
      this.#sendWaiting();
      const now = { seq: seq(), revision: revision() };
      this.#sendQueue.put(encodeStreamMessage({ kind: "H", epoch, ...now }));
      const leastMs = Math.min(
        HEARTBEAT_MS,
        MIN_BEAT_MS + (listeners?.() ?? 0) * BEAT_MS_PER_LISTENER,
      );
      await clock.delay(leastMs, signal);
      await inTime(clock, HEARTBEAT_MS - leastMs, signal, async (group) => {
        while (clock.monotonicMs() >= this.#soonUntilMs) {
          await this.#wanted.wait(group);
        }
      });
    }
  }
}
