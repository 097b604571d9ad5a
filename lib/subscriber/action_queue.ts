/**
 * Queues updates for a host's actions.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { BanAction } from "../enforce/enforcer.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { Condition, runTogether } from "../async/tasks.ts";

/** Options for {@link ActionQueue}. */
export interface ActionQueueOptions {
  /** The actions; each receives all updates, independently of the others. */
  readonly actions: readonly BanAction[];
  readonly clock: Clock;
  readonly log: Log;
  /** Events that may wait for the actions. @default {10000} */
  readonly maxWaiting?: number;
  /** Time for the actions after a stop, in milliseconds. @default {500} */
  readonly graceMs?: number;
}

/** Counts of handled events. */
export interface ActionQueueCounters {
  /** Events that every action accepted; results come from the actions. */
  taken: number;
  /** Events that an action failed on. */
  failed: number;
}

/** Passes events to every action in order, all waiting ones at once. */
export class ActionQueue {
  /** Counts since the start. */
  readonly counters: ActionQueueCounters = { taken: 0, failed: 0 };
  readonly #options: Required<ActionQueueOptions>;
  readonly #failures: LogThrottle;
  readonly #late = new AbortController();
  readonly #changed = new Condition();
  #waiting: BanUpdate[] = [];
  #isActing = false;

  /**
   * Creates an empty queue.
   *
   * @param options The actions, and the limits.
   */
  constructor(options: ActionQueueOptions) {
    this.#options = { maxWaiting: 10_000, graceMs: 500, ...options };
    this.#failures = new LogThrottle(options.log, options.clock);
  }

  /**
   * Queues events, however many; resolves once there is room for more.
   *
   * @param signal Ends the wait; the events stay in the queue.
   */
  async put(events: readonly BanUpdate[], signal: AbortSignal): Promise<void> {
    for (const event of events) this.#waiting.push(event);
    this.#changed.notify();
    while (this.#waiting.length >= this.#options.maxWaiting) {
      await this.#changed.wait(signal);
    }
  }

  /** Resolves once every action has received all events. */
  async whenIdle(signal: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0 || this.#isActing) {
      await this.#changed.wait(signal);
    }
  }

  /**
   * Runs the functions that fill the queue, and acts meanwhile. After they have
   * ended it still passes on the remaining events, within `graceMs`. Called
   * once.
   *
   * @param signal Stops it; the promise then resolves.
   * @param fill Functions that queue events; when one ends, everything ends.
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
