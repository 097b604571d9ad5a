/**
 * Whether a program does what it is there for, and what is wrong if not. The
 * same words stand in `/healthz`, in `status`, and in what `doctor` finds.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** What is wrong, in short. */
export type FaultName =
  | "actions-not-enforcing"
  | "copy-not-kept"
  | "log-not-understood"
  | "log-silent"
  | "log-target"
  | "place-not-kept"
  | "publisher-silent"
  | "reports-waiting"
  | "store"
  | "stream-silent";

/** Something that is wrong. */
export interface Fault {
  readonly name: FaultName;
  /** One sentence for people. No address is in it. */
  readonly words: string;
}

/** Something that is wrong once it has been so for a while. */
export interface PossibleFault extends Fault {
  /** How long it may be so, in milliseconds. */
  readonly graceMs: number;
}

/** Options for {@link HealthWatch}. */
export interface HealthWatchOptions {
  /** What is so at this moment. */
  readonly look: () => Iterable<PossibleFault>;
  readonly clock: Clock;
}

/** Interval between looks: what comes and goes in between is nothing to tell. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Tells what is wrong, and has been for longer than it may.
 *
 * @example
 * ```ts
 * import { HealthWatch } from "./health.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * let nowMs = 0;
 * const clock = {
 *   nowMs: () => nowMs,
 *   monotonicMs: () => nowMs,
 *   delay: () => Promise.resolve(),
 * };
 * const fault = { name: "store", words: "the disk is full", graceMs: 5_000 } as const;
 * const watch = new HealthWatch({ look: () => [fault], clock });
 * strictEqual(watch.faults().length, 0);
 * nowMs = 5_000;
 * strictEqual(watch.faults()[0]?.words, "the disk is full");
 * ```
 */
export class HealthWatch {
  readonly #options: HealthWatchOptions;
  /** Since when what is wrong is so, by the monotonic clock. */
  #since = new Map<FaultName, number>();

  /** @param options See {@link HealthWatchOptions}. */
  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** What is wrong now, in the order of the looks. */
  faults(): readonly Fault[] {
    const nowMs = this.#options.clock.monotonicMs();
    const since = new Map<FaultName, number>();
    const faults: Fault[] = [];
    for (const { name, words, graceMs } of this.#options.look()) {
      const sinceMs = since.get(name) ?? this.#since.get(name) ?? nowMs;
      since.set(name, sinceMs);
      if (nowMs - sinceMs >= graceMs) faults.push({ name, words });
    }
    this.#since = since;
    return faults;
  }

  /** The same for `status`: `ok`, or what is wrong. */
  get words(): string {
    const faults = this.faults();
    return faults.length === 0
      ? HEALTHY
      : faults.map(({ words }) => words).join("; ");
  }

  /** Looks again and again, until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      this.faults();
      await this.#options.clock.delay(LOOK_INTERVAL_MS, signal);
    }
  }
}

/** What {@link HealthWatch.words} is where nothing is wrong. */
export const HEALTHY = "ok";
