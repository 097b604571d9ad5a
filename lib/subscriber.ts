/**
 * The subscriber: hears what the cluster banned and acts on it.
 *
 * @module
 */

import type { BanEvent } from "./ban_event.ts";
import { type HostName, sameHost } from "./host_name.ts";
import { LogThrottle } from "./log_throttle.ts";
import type { BanAction, Clock, Frames, Log, MessageSocket } from "./ports.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  type Refusal,
  refusal,
} from "./protection.ts";
import { Condition, runTogether } from "./tasks.ts";
import { decodeBroadcast, type RejectReason } from "./wire_v1.ts";

/** What a subscriber is made of. */
export interface SubscriberOptions {
  /** A SUB that hears the publisher. */
  readonly broadcasts: MessageSocket;
  /** What to do about bans, each independent of the others. */
  readonly actions: readonly BanAction[];
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** This host's name: its own bans are left out. */
  readonly hostName: HostName;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Events that may wait for the actions. @default {10000} */
  readonly maxWaiting?: number;
  /** How long the actions may go on after the stop, in milliseconds. @default {500} */
  readonly graceMs?: number;
  /** Decide and log only: do nothing about any event. @default {false} */
  readonly dryRun?: boolean;
}

/** What a subscriber has done so far. */
export interface SubscriberCounters {
  /** Messages that came in. */
  received: number;
  /** Events that every action was given and took over; what became of them, each says itself. */
  taken: number;
  /** Events that an action failed on. */
  failed: number;
  /** Events of this host's own, left out. */
  own: number;
  /** Messages that were not understood. */
  rejected: number;
  /** Bans of protected addresses. */
  refused: number;
}

/** What a broadcast leads to. */
export type BroadcastVerdict =
  | { readonly kind: "act"; readonly event: BanEvent }
  | { readonly kind: "own"; readonly event: BanEvent }
  | {
    readonly kind: "refuse";
    readonly event: BanEvent;
    readonly refusal: Refusal;
  }
  | { readonly kind: "reject"; readonly reason: RejectReason };

/**
 * Decides about a broadcast.
 *
 * @param frames The message.
 * @param hostName This host's name.
 * @param protection Which addresses are never banned.
 * @returns What to do with it.
 */
export function judgeBroadcast(
  frames: Frames,
  hostName: HostName,
  protection: ProtectionPolicy,
): BroadcastVerdict {
  const decoded = decodeBroadcast(frames);
  if (!decoded.ok) return { kind: "reject", reason: decoded.reason };
  const event = decoded.value;
  if (sameHost(event.origin, hostName)) return { kind: "own", event };
  const refused = event.kind === "ban"
    ? refusal(event.address, protection)
    : undefined;
  return refused === undefined
    ? { kind: "act", event }
    : { kind: "refuse", event, refusal: refused };
}

/**
 * Hears and acts until stopped. Events wait for the actions in one queue;
 * while it is full nothing more is received, and libzmq keeps, then drops.
 */
export class Subscriber {
  /** What was done so far. */
  readonly counters: SubscriberCounters = {
    received: 0,
    taken: 0,
    failed: 0,
    own: 0,
    rejected: 0,
    refused: 0,
  };
  readonly #options: SubscriberOptions;
  readonly #maxWaiting: number;
  readonly #complaints: LogThrottle;
  readonly #failures: LogThrottle;
  readonly #late = new AbortController();
  readonly #changed = new Condition();
  #waiting: BanEvent[] = [];

  /** @param options What the subscriber is made of. */
  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.#maxWaiting = options.maxWaiting ?? 10_000;
    this.#complaints = new LogThrottle(options.log, options.clock);
    this.#failures = new LogThrottle(options.log, options.clock);
  }

  /**
   * Hears and acts until aborted; what was heard by then is still acted on, as
   * far as `graceMs` allows. Called once.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const beginGrace = () => this.#endLate(done.signal);
    try {
      await runTogether(signal, [
        (group) => {
          group.addEventListener("abort", beginGrace, { once: true });
          return this.#hear(group);
        },
        (group) => this.#act(group),
      ]);
    } finally {
      await this.#actOn(this.#waiting);
      done.abort();
      this.#complaints.flush();
      this.#failures.flush();
    }
  }

  async #endLate(done: AbortSignal): Promise<void> {
    const { clock, graceMs = 500 } = this.#options;
    try {
      await clock.delay(graceMs, done);
      this.#late.abort(new Error("stopped before it was done"));
    } catch (error) {
      if (error !== done.reason) throw error;
    }
  }

  async #hear(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#waiting.length >= this.#maxWaiting) {
        await this.#changed.wait(signal);
      }
      const frames = await this.#options.broadcasts.receive(signal);
      this.#take(frames);
    }
  }

  #take(frames: Frames): void {
    const { hostName, protection, log } = this.#options;
    this.counters.received++;
    const verdict = judgeBroadcast(frames, hostName, protection());
    switch (verdict.kind) {
      case "act":
        this.#accept(verdict.event);
        return;
      case "own":
        this.counters.own++;
        log.record("debug", "own report heard", {
          jail: verdict.event.jail,
          address: verdict.event.address,
        });
        return;
      case "refuse":
        this.counters.refused++;
        this.#complaints.record("warning", "refused a protected address", {
          node: verdict.event.origin,
          address: verdict.event.address,
          rule: verdict.refusal.rule,
          because: verdict.refusal.because,
        });
        return;
      case "reject":
        this.counters.rejected++;
        this.#complaints.record("warning", "message not understood", {
          reason: verdict.reason,
        });
        return;
    }
  }

  #accept(event: BanEvent): void {
    const { dryRun = false, actions, log } = this.#options;
    if (!dryRun) {
      this.#waiting.push(event);
      this.#changed.notify();
      return;
    }
    log.record("notice", `would act on ${event.kind}`, {
      node: event.origin,
      jail: event.jail,
      address: event.address,
      actions: actions.map(({ name }) => name).join(","),
    });
  }

  async #act(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#waiting.length === 0) await this.#changed.wait(signal);
      const events = this.#waiting;
      this.#waiting = [];
      this.#changed.notify();
      await this.#actOn(events);
    }
  }

  async #actOn(events: readonly BanEvent[]): Promise<void> {
    if (events.length === 0) return;
    const { actions } = this.#options;
    const results = await Promise.allSettled(
      actions.map(async (action) =>
        await action.act(events, this.#late.signal)
      ),
    );
    let failed = false;
    results.forEach((result, index) => {
      if (result.status === "fulfilled") return;
      failed = true;
      this.#failures.record("error", "action failed", {
        action: actions[index]?.name,
        events: events.length,
        reason: String(result.reason),
      });
    });
    this.counters[failed ? "failed" : "taken"] += events.length;
  }
}
