/**
 * What of the bans goes into a list for other programs, in which order.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import {
  type AddressSpan,
  addressSpan,
  aggregating,
  compareSpans,
  ipv4Key,
  ipv4Of,
  sorting,
  sortingNumbers,
} from "../base/address_span.ts";
import type { ExportedNetwork } from "./export_formats.ts";

/** Addresses between two steps. */
const STEP = 64;

/** Takes bans in any order, and gives their networks in one. */
export class ExportedNetworks {
  readonly #ends = new Map<Address, number | null>();

  /** How many addresses and networks there are. */
  get size(): number {
    return this.#ends.size;
  }

  /**
   * Takes a ban. An address is banned as long as one of its bans is.
   *
   * @param endsMs In milliseconds since 1970; `null`: never.
   */
  add(address: Address, endsMs: number | null): void {
    const known = this.#ends.get(address);
    const isLonger = known === undefined ||
      known !== null && (endsMs === null || endsMs > known);
    if (isLonger) this.#ends.set(address, endsMs);
  }

  /** By number, so that two lists are compared line by line; in short steps. */
  *inOrder(): Generator<undefined, readonly ExportedNetwork[], undefined> {
    const keys: number[] = [];
    const spans: (AddressSpan & { readonly network: Address })[] = [];
    let steps = 0;
    for (const network of this.#ends.keys()) {
      if (!network.includes(":")) keys.push(ipv4Key(network));
      else spans.push({ ...addressSpan(network), network });
      if (++steps % STEP === 0) yield;
    }
    const networks: ExportedNetwork[] = [];
    const add = (network: Address) => {
      const endsMs = this.#ends.get(network) ?? null;
      return networks.push({ network, endsMs }) % STEP === 0;
    };
    for (const key of yield* sortingNumbers(keys)) {
      if (add(ipv4Of(key))) yield;
    }
    for (const { network } of yield* sorting(spans, compareSpans)) {
      if (add(network)) yield;
    }
    return networks;
  }

  /** The same addresses in the fewest networks, without ends; in short steps. */
  *aggregated(): Generator<undefined, readonly ExportedNetwork[], undefined> {
    const fewest = yield* aggregating(this.#ends.keys());
    const networks: ExportedNetwork[] = [];
    for (const network of fewest) {
      if (networks.push({ network, endsMs: null }) % STEP === 0) yield;
    }
    return networks;
  }
}
