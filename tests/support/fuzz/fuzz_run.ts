/**
 * Gives inputs to a target one by one.
 *
 * @module
 */

import { Draw } from "./draw.ts";
import type { FuzzInput, FuzzTarget, Verdict } from "./fuzz_target.ts";
import { ReferenceWork } from "./reference_work.ts";
import { shortened } from "./shortened.ts";

/** A run to do. */
export interface FuzzPlan {
  /** The same seed makes the same inputs. */
  readonly seed: number;
  /** Number of the first input. @default {0} */
  readonly from?: number;
  readonly inputs: number;
  /** Time limit of the run, in milliseconds. @default {Infinity} */
  readonly maxMs?: number;
  /**
   * An input whose time exceeds this multiple of {@link ReferenceWork} in all
   * repetitions is a finding. @default {100}, which is 250 ms on an idle
   * machine
   */
  readonly maxInputRatio?: number;
  /** A monotonic clock, in milliseconds. */
  readonly nowMs: () => number;
  /** Called with the number of each input before its check. */
  readonly onInput?: (number: number) => void;
}

/** An input that violates an invariant. */
export interface Finding {
  readonly number: number;
  readonly message: string;
  /** The original input. */
  readonly input: FuzzInput;
  /** The shortest input with the same violation. */
  readonly short: FuzzInput;
}

/** The result of a run. */
export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly tookMs: number;
  /** The slowest input, without the time to make it. */
  readonly slowest: { readonly number: number; readonly tookMs: number };
  /** The first finding, which ends the run. */
  readonly finding: Finding | undefined;
}

/**
 * Number of repetitions of a slow input: a pause such as a garbage collection
 * does not repeat each time.
 */
const SLOW_REPEATS = 4;
/** Number of inputs between checks of the time limit. */
const LOOK_EVERY = 256;

/**
 * Makes the input of a number, independent of other inputs.
 *
 * @param target The target.
 * @param seed The run's seed.
 * @param number The input's number.
 */
export function inputOf(
  target: FuzzTarget,
  seed: number,
  number: number,
): FuzzInput {
  return target.make(new Draw(Math.imul(number + 1, 0x9e3779b1) ^ seed));
}

/**
 * Runs until the inputs or the time are used up, or a finding.
 *
 * @param target The target.
 * @param plan The run to do.
 */
export function runFuzz(target: FuzzTarget, plan: FuzzPlan): FuzzReport {
  const { seed, from = 0, nowMs, maxMs = Infinity } = plan;
  const limit = new InputLimit(plan);
  const counts: Record<Verdict, number> = { accepted: 0, rejected: 0 };
  const startMs = nowMs();
  let slowest = { number: from, tookMs: 0 };
  let finding: Finding | undefined;
  let number = from;
  for (; number < from + plan.inputs && finding === undefined; number++) {
    if (number % LOOK_EVERY === 0 && nowMs() - startMs > maxMs) break;
    plan.onInput?.(number);
    const input = inputOf(target, seed, number);
    const inputMs = nowMs();
    const outcome = outcomeOf(target, input);
    const tookMs = nowMs() - inputMs;
    if (tookMs > slowest.tookMs) slowest = { number, tookMs };
    if (outcome instanceof Error) {
      finding = findingOf(target, input, number, outcome);
    } else {
      const message = limit.excess(target, input, tookMs);
      if (message === undefined) counts[outcome]++;
      else finding = { number, message, input, short: input };
    }
  }
  return {
    target: target.name,
    inputs: number - from,
    ...counts,
    tookMs: nowMs() - startMs,
    slowest,
    finding,
  };
}

function outcomeOf(target: FuzzTarget, input: FuzzInput): Verdict | Error {
  try {
    return target.check(input);
  } catch (error) {
    return error instanceof Error ? error : new Error(`threw ${String(error)}`);
  }
}

/** The time limit of an input, relative to the machine's current speed. */
class InputLimit {
  readonly #maxRatio: number;
  readonly #nowMs: () => number;
  readonly #reference: ReferenceWork;

  constructor({ maxInputRatio = 100, nowMs }: FuzzPlan) {
    this.#maxRatio = maxInputRatio;
    this.#nowMs = nowMs;
    this.#reference = new ReferenceWork(nowMs);
  }

  /**
   * By how much an input exceeds the limit in all repetitions; `undefined` when
   * it once did not.
   */
  excess(
    target: FuzzTarget,
    input: FuzzInput,
    firstMs: number,
  ): string | undefined {
    let tookMs = firstMs;
    let ratio = tookMs / this.#reference.fastestMs;
    for (let time = 0; time < SLOW_REPEATS && ratio > this.#maxRatio; time++) {
      const referenceMs = this.#reference.measureMs();
      const startMs = this.#nowMs();
      target.check(input);
      tookMs = this.#nowMs() - startMs;
      ratio = tookMs / referenceMs;
    }
    return ratio > this.#maxRatio
      ? `takes ${Math.round(tookMs)} ms, ${
        Math.round(ratio)
      } times the reference, more than ${this.#maxRatio}`
      : undefined;
  }
}

function findingOf(
  target: FuzzTarget,
  input: FuzzInput,
  number: number,
  error: Error,
): Finding {
  const short = shortened(input, (candidate) => {
    const outcome = outcomeOf(target, candidate);
    return outcome instanceof Error && outcome.name === error.name &&
      outcome.message === error.message;
  });
  return { number, message: `${error.name}: ${error.message}`, input, short };
}
