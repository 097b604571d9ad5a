/**
 * Whether a program does its job, and what is wrong if not. `/healthz`,
 * `status` and `doctor` use the same words.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";

/** Short name of a fault. */
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

/** A fault. */
export interface Fault {
  readonly name: FaultName;
  /** One sentence for people, without addresses. */
  readonly words: string;
}

/** A condition that is a fault once it has lasted for a while. */
export interface PossibleFault extends Fault {
  /** How long it may last before, in milliseconds. */
  readonly graceMs: number;
}

/** Options for {@link HealthWatch}. */
export interface HealthWatchOptions {
  /** Returns the conditions of this moment. */
  readonly look: () => Iterable<PossibleFault>;
  readonly clock: Clock;
}

/** Interval between looks: shorter conditions are ignored. */
const LOOK_INTERVAL_MS = 1_000;

/**
 * Reports conditions that have lasted longer than their grace period.
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
  /** Start of each condition, by the monotonic clock. */
  #since = new Map<FaultName, number>();

  /** @param options See {@link HealthWatchOptions}. */
  constructor(options: HealthWatchOptions) {
    this.#options = options;
  }

  /** The current faults, in the order of `look`. */
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

  /** The current faults for `status`, or `ok`. */
  get words(): string {
    const faults = this.faults();
    return faults.length === 0
      ? HEALTHY
      : faults.map(({ words }) => words).join("; ");
  }

  /** Looks at intervals until aborted. */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      this.faults();
      await this.#options.clock.delay(LOOK_INTERVAL_MS, signal);
    }
  }
}

/** The value of {@link HealthWatch.words} without faults. */
export const HEALTHY = "ok";
