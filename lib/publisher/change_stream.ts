/**
 * The publisher's stream to every subscriber: stored changes, packed into as
 * few messages as possible, and a heartbeat every second. Heartbeats come
 * sooner for a replica that has just caught up, because it is in sync only
 * after one.
 *
 * A message's cost grows with the number of subscribers, whatever its size: it
 * is encrypted and sent on each connection separately, some 19 us each
 * (`docs/SCALE.md`). So after a message further changes are gathered for about
 * ten times as long as sending takes, within a bound; a single change goes at
 * once.
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
  /** Gives the sequence number of the last change. */
  readonly seq: () => number;
  /** Gives the revision of the current allowlist. */
  readonly revision: () => number;
  /** Gives the number of listeners. @default {a few} */
  readonly listeners?: (() => number) | undefined;
}

/** Pause after a message for each subscriber, in milliseconds. */
const MS_PER_LISTENER = 0.25;
/**
 * Longest pause between two messages, in milliseconds, for any number of
 * listeners.
 */
const MAX_PAUSE_MS = 250;
/** Shorter pauses are skipped, in milliseconds. */
const MIN_PAUSE_MS = 1;
/**
 * Minimum time between heartbeats, and its increase for each subscriber, in
 * milliseconds.
 */
const [MIN_BEAT_MS, BEAT_MS_PER_LISTENER] = [100, 0.2];
/**
 * How long heartbeats come soon, in milliseconds. A replica that has caught up
 * may still be connecting to the stream: it misses a change that is sent
 * meanwhile, and notices that with the next heartbeat.
 */
const SOON_MS = 1_000;
/** This many changes go without a pause: they fill their messages. */
const MANY_CHANGES = 500;

/** Sends until stopped. */
export class ChangeStream {
  readonly #options: ChangeStreamOptions;
  readonly #sendQueue: SendQueue;
  readonly #added = new Condition();
  readonly #wanted = new Condition();
  readonly #handed = new Condition();
  /** Monotonic time until which heartbeats come soon. */
  #soonUntilMs = -Infinity;
  #waiting: Change[] = [];
  /** Sequence number of the last change that was handed over, or told. */
  #handedSeq: number;
  #isBeatDue = false;
  /** Monotonic time from which the next changes may go. */
  #dueMs = -Infinity;

  /** @param options See {@link ChangeStreamOptions}. */
  constructor(options: ChangeStreamOptions) {
    this.#options = options;
    this.#handedSeq = options.seq();
    this.#sendQueue = new SendQueue(options.socket);
  }

  /** Number of dropped messages; subscribers notice the gap and sync. */
  get dropped(): number {
    return this.#sendQueue.dropped;
  }

  /** Sequence number of the last change that does not wait to be sent. */
  get sentSeq(): number {
    const first = this.#waiting[0];
    return first === undefined ? this.#handedSeq : first.seq - 1;
  }

  /** Sends stored changes, in order. */
  publish(kept: readonly KeptChange[]): void {
    for (const { change } of kept) this.#waiting.push(change);
    this.#handedSeq = kept.at(-1)?.change.seq ?? this.#handedSeq;
    const isDue = this.#options.clock.monotonicMs() >= this.#dueMs;
    if (isDue || this.#waiting.length >= MANY_CHANGES) this.#sendWaiting();
    else this.#added.notify();
    if (this.#isBeatDue && this.#hasAll()) this.#sendBeat();
  }

  /** Whether the stream has all changes of the table. */
  #hasAll(): boolean {
    return this.#options.seq() === this.#handedSeq;
  }

  /**
   * A subscriber that hears a sequence number must have received the changes up
   * to it.
   */
  #sendBeat(): void {
    const { epoch, seq, revision } = this.#options;
    this.#isBeatDue = false;
    this.#sendWaiting();
    this.#handedSeq = seq();
    const now = { seq: this.#handedSeq, revision: revision() };
    this.#sendQueue.put(encodeStreamMessage({ kind: "H", epoch, ...now }));
    this.#handed.notify();
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

  /**
   * Asks a node's subscriber what it would do with a ban, after all changes so
   * far; `null` for all nodes.
   */
  probe(order: number, address: Address, node: HostName | null): void {
    const { epoch } = this.#options;
    this.#sendWaiting();
    const probe = { kind: "P", epoch, order, address, node } as const;
    this.#sendQueue.put(encodeStreamMessage(probe));
  }

  /** Makes heartbeats come soon for a while, for a replica that has caught up. */
  beatSoon(): void {
    this.#soonUntilMs = this.#options.clock.monotonicMs() + SOON_MS;
    this.#wanted.notify();
  }

  /**
   * Sends changes and heartbeats until aborted.
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

  /** Sends the changes that had to wait. */
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
    const { clock, listeners } = this.#options;
    while (true) {
      await this.#beatOnce(signal);
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

  /** The table has changes a moment before they are handed over. */
  async #beatOnce(signal: AbortSignal): Promise<void> {
    this.#isBeatDue = !this.#hasAll();
    if (this.#isBeatDue) {
      await inTime(this.#options.clock, HEARTBEAT_MS, signal, async (group) => {
        while (this.#isBeatDue) await this.#handed.wait(group);
        return true;
      });
      if (!this.#isBeatDue) return;
    }
    this.#sendBeat();
  }
}
