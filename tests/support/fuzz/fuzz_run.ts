/**
 * Gives a target one input after the other.
 *
 * @module
 */

import { Draw } from "./draw.ts";
import type { FuzzInput, FuzzTarget, Verdict } from "./fuzz_target.ts";
import { ReferenceWork } from "./reference_work.ts";
import { shortened } from "./shortened.ts";

/** What a run does. */
export interface FuzzPlan {
  /** The same one makes the same inputs. */
  readonly seed: number;
  /** The first input's number. @default {0} */
  readonly from?: number;
  readonly inputs: number;
  /** After so long it ends, however many inputs are left, in milliseconds. @default {Infinity} */
  readonly maxMs?: number;
  /**
   * An input that takes longer than so many times {@link ReferenceWork}, each
   * time, is a finding. @default {100}, which is 250 ms where nothing else runs
   */
  readonly maxInputRatio?: number;
  /** A clock that never jumps, in milliseconds. */
  readonly nowMs: () => number;
  /** Told the number of each input before it is given. */
  readonly onInput?: (number: number) => void;
}

/** An input for which something does not hold. */
export interface Finding {
  readonly number: number;
  readonly message: string;
  /** As it was made. */
  readonly input: FuzzInput;
  /** The shortest for which the same does not hold. */
  readonly short: FuzzInput;
}

/** What came of a run. */
export interface FuzzReport {
  readonly target: string;
  readonly inputs: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly tookMs: number;
  /** The input that took longest, its making left out. */
  readonly slowest: { readonly number: number; readonly tookMs: number };
  /** The run ends with the first. */
  readonly finding: Finding | undefined;
}

/** Whoever waits for the machine now and then, as for a collection of garbage, does not each time. */
const SLOW_REPEATS = 4;
/** Inputs between two looks at how long the run takes. */
const LOOK_EVERY = 256;

/**
 * Makes the input of a number: it can be had alone.
 *
 * @param target What it is for.
 * @param seed The run's.
 * @param number The input's.
 */
export function inputOf(
  target: FuzzTarget,
  seed: number,
  number: number,
): FuzzInput {
  return target.make(new Draw(Math.imul(number + 1, 0x9e3779b1) ^ seed));
}

/**
 * Runs until the inputs are over, the time is, or something does not hold.
 *
 * @param target What is fuzzed.
 * @param plan What the run does.
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

/** How long an input may take, by the machine's speed at that moment. */
class InputLimit {
  readonly #maxRatio: number;
  readonly #nowMs: () => number;
  readonly #reference: ReferenceWork;

  constructor({ maxInputRatio = 100, nowMs }: FuzzPlan) {
    this.#maxRatio = maxInputRatio;
    this.#nowMs = nowMs;
    this.#reference = new ReferenceWork(nowMs);
  }

  /** Says how far an input is above the limit each time; `undefined`: once it was not. */
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
