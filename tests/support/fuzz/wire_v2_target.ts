/**
 * Protocol 2: messages of nodes, of the publisher and of the stream.
 *
 * A message has exactly one form: encoding an accepted message again gives the
 * same bytes.
 *
 * @module
 */

import fc from "fast-check";
import type { Frames } from "../../../lib/zmq/ports.ts";
import { anyMessage } from "../values/any_messages.ts";
import { codecOf, framesOf, type Vector } from "../values/wire_vectors.ts";
import invalid from "../../vectors/protocol2_invalid.json" with {
  type: "json",
};
import valid from "../../vectors/protocol2_valid.json" with { type: "json" };
import type { Draw } from "./draw.ts";
import {
  areSameBytes,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated, shuffledFrames } from "./mutations.ts";
import { hugeJson, oddJson } from "./odd_json.ts";
import { checkValue } from "./value_oracle.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const SENDERS = ["node", "publisher", "stream"] as const;
/** Longer samples only take longer. */
const MAX_SAMPLE_BYTES = 3_000;

interface Sample {
  readonly from: string;
  readonly frames: Frames;
  /** The body's value; `undefined` when it is not JSON. */
  readonly body: unknown;
}

/** Creates the target with its samples. */
export function wireV2Target(): FuzzTarget {
  const drawn = fc.sample(anyMessage, { numRuns: 600, seed: 1 })
    .map(([from, message]) => sampleOf(from, codecOf(from).encode(message)));
  const vectors = [...valid, ...invalid].map((vector: Vector) =>
    sampleOf(vector.from, framesOf(vector))
  );
  const samples = [...drawn, ...vectors].filter(({ frames }) =>
    frames.every(({ length }) => length <= MAX_SAMPLE_BYTES)
  );
  return { name: "wire_v2", make: (draw) => makeInput(draw, samples), check };
}

function sampleOf(from: string, frames: Frames): Sample {
  try {
    const body: unknown = JSON.parse(DECODER.decode(frames.at(-1)));
    return { from, frames, body };
  } catch (error) {
    if (error instanceof SyntaxError) return { from, frames, body: undefined };
    throw error;
  }
}

function makeInput(draw: Draw, samples: readonly Sample[]): FuzzInput {
  const { from, frames, body } = draw.pick(samples);
  const variant = draw.oneIn(50) ? draw.pick(SENDERS) : from;
  const other = draw.pick(samples).frames.at(-1) ?? new Uint8Array();
  const withBody = (body: Uint8Array): FuzzInput => ({
    variant,
    frames: [...frames.slice(0, -1), body],
  });
  switch (draw.below(16)) {
    case 0:
      return { variant, frames };
    case 1:
      return { variant, frames: shuffledFrames(draw, frames, other) };
    case 2: {
      const at = draw.below(Math.max(1, frames.length));
      const changed = mutated(draw, frames[at] ?? other, other);
      return { variant, frames: frames.toSpliced(at, 1, changed) };
    }
    case 3:
      return withBody(draw.bytes(60));
    case 4: {
      const isLong = draw.oneIn(300);
      const text = hugeJson(draw, isLong ? 150_000 : 300);
      return withBody(ENCODER.encode(text));
    }
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
      return withBody(ENCODER.encode(oddJson(draw, body ?? {})));
    default:
      return withBody(mutated(draw, frames.at(-1) ?? other, other));
  }
}

function check({ variant, frames }: FuzzInput): Verdict {
  const { encode, decode } = codecOf(variant);
  const decoded = decode(frames);
  must(!("isPolluted" in {}), "what every object inherits is as it was");
  if (!decoded.ok) {
    must(typeof decoded.reason === "string", "a reason is given");
    return "rejected";
  }
  // Blocks have their own target.
  checkValue({ ...decoded.value as object, block: undefined });
  const encoded = encode(decoded.value);
  must(
    encoded.length === frames.length &&
      encoded.every((frame, index) =>
        areSameBytes(frame, frames[index] ?? new Uint8Array())
      ),
    "encoding gives the same bytes",
  );
  return "accepted";
}
