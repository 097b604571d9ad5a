/**
 * The join code.
 *
 * Apart from white space around it, a join code has exactly one form: encoding
 * an accepted code again gives the same text. Most inputs get a valid checksum,
 * so that the decoder goes on to their content.
 *
 * @module
 */

import {
  decodeJoinCode,
  encodeJoinCode,
} from "../../../lib/members/join_code.ts";
import { checksum } from "../../../lib/base/checksum.ts";
import { membership } from "../cluster/memberships.ts";
import type { Draw } from "./draw.ts";
import {
  areAlike,
  type FuzzInput,
  type FuzzTarget,
  must,
  type Verdict,
} from "./fuzz_target.ts";
import { mutated, ODD_TEXTS } from "./mutations.ts";
import { isHost } from "./value_oracle.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const HEAD = "F2BC1";
/** Three keys and the token. */
const SECRET_BYTES = 128;
const CHECK_DIGITS = 7;
const URLS = [
  "tcp://192.0.2.10:5681",
  "tcp://[2001:db8::1]:1",
  "tcp://hub.example:65535",
  "ipc:///run/a.sock",
] as const;
const FAULTS: readonly string[] = [
  ...["none", "version", "broken", "damaged"],
];

/** Creates the target with its samples. */
export function joinCodeTarget(): FuzzTarget {
  const codes = URLS.map((controlUrl, index) =>
    encodeJoinCode(membership(`web-${index}`, { controlUrl }))
  );
  return { name: "join_code", make: (draw) => makeInput(draw, codes), check };
}

function makeInput(draw: Draw, codes: readonly string[]): FuzzInput {
  const code = draw.pick(codes);
  const text = (): string => {
    switch (draw.below(6)) {
      case 0:
        return `${draw.pick(ODD_TEXTS)}${code}${draw.pick(ODD_TEXTS)}`;
      case 1: // As it is, but for the sum.
        return withSum(code.slice(0, -CHECK_DIGITS) + draw.pick(ODD_TEXTS));
      case 2:
        return withSum(DECODER.decode(
          mutated(
            draw,
            ENCODER.encode(code.slice(0, -CHECK_DIGITS)),
            ENCODER.encode(draw.pick(codes)),
          ),
        ));
      default:
        return withSum(HEAD + bodyOf(draw));
    }
  };
  const frame = ENCODER.encode(text());
  const isDamaged = draw.oneIn(4);
  return {
    variant: "code",
    frames: [isDamaged ? mutated(draw, frame, frame) : frame],
  };
}

function withSum(text: string): string {
  return text + checksum(text).toString(36).padStart(CHECK_DIGITS, "0");
}

/** Arbitrary keys, and words of which one may be invalid. */
function bodyOf(draw: Draw): string {
  const good = ["web-1", draw.pick(URLS), draw.pick(URLS)];
  const words = draw.oneIn(2)
    ? good
    : good.toSpliced(draw.below(3), draw.below(3), draw.pick(ODD_TEXTS));
  const tail = ENCODER.encode(words.join("\n"));
  const bytes = new Uint8Array(SECRET_BYTES + tail.length);
  bytes.fill(draw.below(256), 0, SECRET_BYTES);
  bytes[draw.below(SECRET_BYTES)] = draw.below(256);
  bytes.set(tail, SECRET_BYTES);
  const body = draw.oneIn(4) ? mutated(draw, bytes, tail) : bytes;
  return body.toBase64({ alphabet: "base64url", omitPadding: !draw.oneIn(20) });
}

function check({ frames }: FuzzInput): Verdict {
  const text = DECODER.decode(frames[0]);
  const read = decodeJoinCode(text);
  if (!read.ok) {
    must(FAULTS.includes(read.fault), "a fault is given");
    return "rejected";
  }
  const { node, keys, publisherKey, token, controlUrl, streamUrl } = read.value;
  must(isHost(node), "node keeps to its grammar");
  for (const key of [keys.publicKey, keys.secretKey, publisherKey]) {
    must(/^[!-~]{40}$/.test(key), "a key is 40 characters");
  }
  must(/^[A-Za-z0-9_-]{43}$/.test(token), "a token is 43 characters");
  for (const url of [controlUrl, streamUrl]) {
    must(/^(?:tcp|ipc):\/\/[!-~]+$/.test(url), "a URL keeps to its grammar");
  }
  const code = encodeJoinCode(read.value);
  must(code === text.trim(), "encoding gives the same code");
  const again = decodeJoinCode(code);
  must(
    again.ok && areAlike(again.value, read.value),
    "what was encoded says the same",
  );
  return "accepted";
}
