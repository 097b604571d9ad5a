/**
 * Addresses and event ids in an unfavourable order for search trees. The same
 * seed gives the same values.
 *
 * @module
 */

import type { Address } from "../lib/base/address.ts";
import type { EventId } from "../lib/base/ids.ts";
import { parseEventId } from "../lib/wire/v2.ts";
import { address } from "../tests/support/values/core_values.ts";
import { SeededRandom } from "../tests/support/values/seeded_random.ts";

/** Only public networks: 32.0.0.0 to 63.255.255.255. */
const ADDRESS_BITS = 29;
const FIRST_OCTET = 32;
const MASK = 2 ** ADDRESS_BITS - 1;
const ROUNDS = 3;
/** Number of 32-bit words in an id, which is a digest. */
const ID_WORDS = 8;
/** The increment of a {@link SeededRandom}'s state per number. */
const STEP = 0x6d2b79f5;

/** Inputs from one seed. */
export class RandomInputs {
  readonly seed: number;
  readonly #keys: readonly number[];

  constructor(seed: number) {
    this.seed = seed;
    const random = new SeededRandom(seed);
    this.#keys = Array.from({ length: ROUNDS }, () => random.below(2 ** 32));
  }

  /** The `index`-th of 2^29 distinct addresses. */
  addressAt(index: number): Address {
    // Each step is invertible, so all results are distinct.
    let place = index & MASK;
    for (const key of this.#keys) {
      place = Math.imul(place ^ key, key | 1) & MASK;
      place ^= place >>> 14;
    }
    const octets = [place >>> 16, place >>> 8, place].map((part) => part & 255);
    return address(`${FIRST_OCTET + (place >>> 24)}.${octets.join(".")}`);
  }

  /** The `index`-th event id, as long and as random as real ones. */
  eventIdAt(index: number): EventId {
    const first = this.seed + Math.imul(index * ID_WORDS, STEP);
    const random = new SeededRandom(first >>> 0);
    let text = "";
    for (let word = 0; word < ID_WORDS; word++) {
      text += random.below(2 ** 32).toString(16).padStart(8, "0");
    }
    const id = parseEventId(text);
    if (id === undefined) throw new TypeError(`Not a good event id: ${text}`);
    return id;
  }
}

/** The seed of this run: `--seed=N`, or a random one. */
export const SEED = seedOf(Deno.args) ?? new SeededRandom().seed;

function seedOf(args: readonly string[]): number | undefined {
  const option = args.find((arg) => arg.startsWith("--seed="));
  return option === undefined ? undefined : Number(option.slice(7)) >>> 0;
}

const INPUTS = new RandomInputs(SEED);

/** The `index`-th address of this run. */
export function addressAt(index: number): Address {
  return INPUTS.addressAt(index);
}

/** The `index`-th event id of this run. */
export function eventIdAt(index: number): EventId {
  return INPUTS.eventIdAt(index);
}
