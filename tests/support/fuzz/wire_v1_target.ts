/**
 * Protocol 1: requests, with and without a token, and broadcasts.
 *
 * A message has exactly one form, except for the case of `action`: encoding an
 * accepted message again gives the same fields, ignoring the case of that one.
 * An acknowledgement has the request's bytes without the token.
 *
 * @module
 */

import fc from "fast-check";
import type { BanEvent } from "../../../lib/ban/ban_event.ts";
import type { Frames } from "../../../lib/zmq/ports.ts";
import {
  decodeBroadcast,
  decodeRequest,
  encodeBroadcast,
  encodeRequest,
} from "../../../lib/wire/v1.ts";
import { anyBanEvent } from "../values/any_values.ts";
import { BAD_FIELDS } from "../values/bad_frames.ts";
import type { Draw } from "./draw.ts";
import {
  areAlike,
  areSameBytes,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated, ODD_TEXTS, shuffledFrames } from "./mutations.ts";
import { checkValue } from "./value_oracle.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const TOKENS = ["secret", "another secret"] as const;
const VARIANTS = ["request", "request with a token", "broadcast"] as const;
const ACTIONS = ["Ban", "Unban", "BAN", "unban", "uNbAN"] as const;

/** Creates the target with its samples. */
export function wireV1Target(): FuzzTarget {
  const samples = fc.sample(anyBanEvent, { numRuns: 500, seed: 1 })
    .map((event) => encodeRequest(event));
  const bad = BAD_FIELDS.map(([message]) => ENCODER.encode(message));
  return {
    name: "wire_v1",
    make: (draw) => makeInput(draw, [...samples, ...bad]),
    check,
  };
}

function makeInput(draw: Draw, samples: readonly Uint8Array[]): FuzzInput {
  const variant = draw.pick(VARIANTS);
  const sample = draw.pick(samples);
  const message = variant === "request with a token" && !draw.oneIn(8)
    ? ENCODER.encode(`${draw.pick(TOKENS)}|${DECODER.decode(sample)}`)
    : sample;
  const frames = ((): Frames => {
    switch (draw.below(10)) {
      case 0:
        return [message];
      case 1:
        return [draw.bytes(draw.oneIn(50) ? 2_000 : 60)];
      case 2:
        return shuffledFrames(draw, [message], draw.pick(samples));
      case 3:
      case 4:
      case 5:
        return [ENCODER.encode(oddFields(draw, DECODER.decode(message)))];
      default:
        return [mutated(draw, message, draw.pick(samples))];
    }
  })();
  return { variant, frames };
}

/** A field with another text, or other fields. */
function oddFields(draw: Draw, message: string): string {
  const fields = message.split("|");
  const at = draw.below(fields.length);
  const put = draw.oneIn(3) ? draw.pick(ACTIONS) : draw.pick(ODD_TEXTS);
  const removed = draw.oneIn(4) ? 0 : 1;
  return fields.toSpliced(at, removed, put).join("|");
}

function check({ variant, frames }: FuzzInput): Verdict {
  if (variant === "broadcast") {
    const decoded = decodeBroadcast(frames);
    if (!decoded.ok) return "rejected";
    checkMessage(decoded.value, frames[0] ?? new Uint8Array());
    return "accepted";
  }
  const tokens = variant === "request" ? [] : TOKENS;
  const decoded = decodeRequest(frames, tokens);
  if (!decoded.ok) return "rejected";
  const { event, acknowledgement } = decoded.value;
  const frame = frames[0] ?? new Uint8Array();
  const heads = tokens.length === 0 ? [""] : tokens.map((token) => `${token}|`);
  must(
    heads.some((head) =>
      areSameBytes(frame, concat(ENCODER.encode(head), acknowledgement))
    ),
    "the acknowledgement is the request less a good token",
  );
  checkMessage(event, acknowledgement);
  return "accepted";
}

function checkMessage(event: BanEvent, message: Uint8Array): void {
  checkValue(event);
  const encoded = encodeBroadcast(event);
  const [host, jail, action, ...rest] = DECODER.decode(message).split("|");
  const [host2, jail2, action2, ...rest2] = DECODER.decode(encoded).split("|");
  must(
    areAlike([host, jail, rest], [host2, jail2, rest2]) &&
      action?.toLowerCase() === action2?.toLowerCase() &&
      message.length === encoded.length,
    "encoding gives the same message, whatever the action's case",
  );
  const again = decodeBroadcast([encoded]);
  must(again.ok, "what was encoded is accepted");
  must(areAlike(again.value, event), "what was encoded says the same");
}

function concat(left: Uint8Array, right: Uint8Array): Uint8Array {
  const whole = new Uint8Array(left.length + right.length);
  whole.set(left);
  whole.set(right, left.length);
  return whole;
}
