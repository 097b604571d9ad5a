/**
 * Decoders of protocol 2's heartbeat with one planted bug each, to prove that
 * the fuzzer finds them.
 *
 * @module
 */

import type { Draw } from "./draw.ts";
import {
  areSameBytes,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated } from "./mutations.ts";
import { oddJson } from "./odd_json.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** The decoded value, or `undefined` when refused. */
type Decode = (text: string) => { readonly seq: number } | undefined;

/**
 * Accepts `1e2`, `1.0` and `0x10`, which are whole numbers in another spelling.
 */
const lax: Decode = (text) => {
  const [, number] = /^\{"seq":([^,}]+)\}$/.exec(text) ?? [];
  const seq = Number(number);
  return Number.isSafeInteger(seq) && seq >= 0 ? { seq } : undefined;
};

/** Accesses members of a value that may be `null`. */
const throwing: Decode = (text) => {
  try {
    const value: { readonly seq: number } = JSON.parse(text);
    const isHeartbeat = Number.isSafeInteger(value.seq) && value.seq >= 0;
    return isHeartbeat && JSON.stringify({ seq: value.seq }) === text
      ? { seq: value.seq }
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
};

/** Backtracks exponentially over a row of brackets. */
const slow: Decode = (text) =>
  /^(?:\[+)+$/.test(`${text.slice(0, 23)}x`) ? { seq: 0 } : undefined;

/** Never terminates for some inputs. */
const endless: Decode = (text) => {
  let depth = 0;
  for (let at = 0; at < text.length;) {
    if (text[at] === "[") depth++;
    else at++;
    if (depth < 0) return undefined;
  }
  return undefined;
};

/** Creates each target by name. */
export const plantedTargets: ReadonlyMap<string, () => FuzzTarget> = new Map(
  Object.entries({
    planted_lax: lax,
    planted_throwing: throwing,
    planted_slow: slow,
    planted_endless: endless,
  }).map(([name, decode]) => [name, () => planted(name, decode)]),
);

function planted(name: string, decode: Decode): FuzzTarget {
  return { name, make, check: (input) => check(input, decode) };
}

function make(draw: Draw): FuzzInput {
  const seq = draw.below(1_000);
  const good = ENCODER.encode(JSON.stringify({ seq }));
  const frame = draw.oneIn(100)
    ? ENCODER.encode("[".repeat(draw.below(60)))
    : draw.oneIn(2)
    ? mutated(draw, good, good)
    : ENCODER.encode(oddJson(draw, { seq }));
  return { variant: "H", frames: [frame] };
}

function check({ frames }: FuzzInput, decode: Decode): Verdict {
  const frame = frames[0] ?? new Uint8Array();
  const value = decode(DECODER.decode(frame));
  if (value === undefined) return "rejected";
  must(
    areSameBytes(ENCODER.encode(JSON.stringify(value)), frame),
    "encoding gives the same bytes",
  );
  return "accepted";
}
