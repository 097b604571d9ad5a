/**
 * Shortens an input with a finding, so that people can read it.
 *
 * @module
 */

import type { FuzzInput } from "./fuzz_target.ts";

/**
 * Removes frames and bytes as long as the finding remains.
 *
 * @param input The input.
 * @param shows Whether an input still has the finding.
 * @param maxTries Maximum number of inputs to try.
 * @returns The shortest input found.
 */
export function shortened(
  input: FuzzInput,
  shows: (input: FuzzInput) => boolean,
  maxTries = 5_000,
): FuzzInput {
  let best = input;
  let tries = 0;
  const holds = (candidate: FuzzInput) => {
    tries++;
    if (!shows(candidate)) return false;
    best = candidate;
    return true;
  };
  let before: FuzzInput | undefined;
  while (before !== best && tries < maxTries) {
    before = best;
    for (let index = best.frames.length - 1; index >= 0; index--) {
      holds(withFrame(best, index));
    }
    for (let index = 0; index < best.frames.length; index++) {
      for (let size = lengthOf(best, index); size >= 1; size >>= 1) {
        for (let at = 0; at < lengthOf(best, index) && tries < maxTries;) {
          if (!holds(withoutBytes(best, index, at, size))) at += size;
        }
      }
    }
  }
  return best;
}

function lengthOf({ frames }: FuzzInput, index: number): number {
  return frames[index]?.length ?? 0;
}

/** Replaces or removes a frame. */
function withFrame(
  { variant, frames }: FuzzInput,
  index: number,
  ...frame: readonly Uint8Array[]
): FuzzInput {
  return { variant, frames: frames.toSpliced(index, 1, ...frame) };
}

function withoutBytes(
  input: FuzzInput,
  index: number,
  at: number,
  count: number,
): FuzzInput {
  const frame = input.frames[index] ?? new Uint8Array();
  const rest = new Uint8Array(
    frame.length - Math.min(count, frame.length - at),
  );
  rest.set(frame.subarray(0, at));
  rest.set(frame.subarray(at + count), at);
  return withFrame(input, index, rest);
}
