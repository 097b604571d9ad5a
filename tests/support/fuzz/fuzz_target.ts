/**
 * A fuzzed decoder, and its inputs.
 *
 * @module
 */

import type { Frames } from "../../../lib/zmq/ports.ts";
import type { Draw } from "./draw.ts";

/** An input of a decoder. */
export interface FuzzInput {
  /** Selects one of the target's decoders and its settings. */
  readonly variant: string;
  readonly frames: Frames;
}

/** The decoder's result, correct or not. */
export type Verdict = "accepted" | "rejected";

/** A decoder with its invariants. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes an input; the same choices make the same input. */
  make(draw: Draw): FuzzInput;
  /**
   * Decodes an input, and checks the invariants.
   *
   * @throws {Error} when an invariant is violated: {@link Violation}, or any
   * error of the decoder itself.
   */
  check(input: FuzzInput): Verdict;
}

/** An invariant is violated. */
export class Violation extends Error {
  /** See {@link Error}. */
  override readonly name = "Violation";
}

/**
 * Throws unless an invariant holds.
 *
 * @param holds Whether it holds.
 * @param what The invariant in words.
 */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** Whether two values have the same JSON text. */
export function areAlike(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Whether two frames have the same bytes. */
export function areSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
