/**
 * What is fuzzed, and what is given to it.
 *
 * @module
 */

import type { Frames } from "../../../lib/zmq/ports.ts";
import type { Draw } from "./draw.ts";

/** What a decoder is given. */
export interface FuzzInput {
  /** Which of the target's decoders, and how it is set up. */
  readonly variant: string;
  readonly frames: Frames;
}

/** What became of an input; that is no word on whether it was right. */
export type Verdict = "accepted" | "rejected";

/** A decoder with what must hold of it. */
export interface FuzzTarget {
  readonly name: string;
  /** Makes an input; the same choices make the same one. */
  make(draw: Draw): FuzzInput;
  /**
   * Decodes an input.
   *
   * @throws {Error} when something does not hold that must: {@link Violation},
   * or whatever the decoder itself throws.
   */
  check(input: FuzzInput): Verdict;
}

/** Something does not hold that must. */
export class Violation extends Error {
  /** The class's name. */
  override readonly name = "Violation";
}

/**
 * Complains unless something holds.
 *
 * @param holds What must be true.
 * @param what What must hold, in words.
 */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Violation(what);
}

/** Whether two values are the same, member by member and in their order. */
export function areAlike(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** Whether two frames have the same bytes. */
export function areSameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length &&
    left.every((byte, index) => byte === right[index]);
}
