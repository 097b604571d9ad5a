/**
 * The updates that wait for a host's actions.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { BanAction } from "../enforce/enforcer.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Options for the queue of the actions. */
export interface ActionQueueOptions {
  /** What to do about bans, each independent of the others. */
  readonly actions: readonly BanAction[];
  readonly clock: Clock;
  readonly log: Log;
  /** Events that may wait for the actions. @default {10000} */
  readonly maxWaiting?: number;
  /** Time that the actions have after the stop. @default {500} */
  readonly graceMs?: number;
}

/** What a queue has done so far. */
export interface ActionQueueCounters {
  /** Events that every action was given and took over; what became of them, each says itself. */
  taken: number;
  /** Events that an action failed on. */
  failed: number;
}

/** Gives events to every action, in order, as many at once as wait. */
export class ActionQueue {
  /** What was done so far. */
  readonly counters: ActionQueueCounters = { taken: 0, failed: 0 };
  readonly #options: Required<ActionQueueOptions>;
  readonly #failures: LogThrottle;
  readonly #late = new AbortController();
  readonly #changed = new Condition();
  #waiting: BanUpdate[] = [];
  #isActing = false;

  /**
   * Makes an empty queue.
   *
   * @param options Who acts, and the limits.
   */
  constructor(options: ActionQueueOptions) {
    this.#options = { maxWaiting: 10_000, graceMs: 500, ...options };
    this.#failures = new LogThrottle(options.log, options.clock);
  }

  /**
   * Puts events in, however many; resolves once there is room for more.
   *
   * @param signal Ends the wait; the events are in the queue all the same.
   */
  async put(events: readonly BanUpdate[], signal: AbortSignal): Promise<void> {
    for (const event of events) this.#waiting.push(event);
    this.#changed.notify();
    while (this.#waiting.length >= this.#options.maxWaiting) {
      await this.#changed.wait(signal);
    }
  }

  /** Resolves once every action was given everything. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0 || this.#isActing) {
      await this.#changed.wait(signal);
    }
  }

  /**
   * Runs what fills the queue, and acts meanwhile. What is in it once they have
   * ended is still acted on, as far as `graceMs` allows. Called once.
   *
   * @param signal Ends it; the promise then resolves.
   * @param fill What puts events in; the first that ends, ends everything.
   */
  async runWith(
    signal: AbortSignal,
    fill: readonly ((signal: AbortSignal) => Promise<void>)[],
  ): Promise<void> {
    const done = new AbortController();
    const act = (group: AbortSignal) => {
      const beginGrace = () => this.#endLate(done.signal);
      group.addEventListener("abort", beginGrace, { once: true });
      return this.#act(group);
    };
    try {
      await runTogether(signal, [...fill, act]);
    } finally {
      await this.#actOnAll();
      done.abort();
      this.#failures.flush();
    }
  }

  async #act(signal: AbortSignal): Promise<void> {
    while (true) {
      while (this.#waiting.length === 0) await this.#changed.wait(signal);
      await this.#actOnAll();
    }
  }

  async #endLate(done: AbortSignal): Promise<void> {
    const { clock, graceMs } = this.#options;
    try {
      await clock.delay(graceMs, done);
      this.#late.abort(new Error("stopped before it was done"));
    } catch (error) {
      if (error !== done.reason) throw error;
    }
  }

  async #actOnAll(): Promise<void> {
    const events = this.#waiting;
    if (events.length === 0) return;
    this.#waiting = [];
    this.#isActing = true;
    this.#changed.notify();
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
    this.#isActing = false;
    this.#changed.notify();
  }
}
