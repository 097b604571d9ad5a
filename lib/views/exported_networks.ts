/**
 * Selects and sorts the bans for an export.
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

/** Addresses per step. */
const STEP = 64;

/** Collects bans in any order, and returns their networks in a fixed one. */
export class ExportedNetworks {
  readonly #ends = new Map<Address, number | null>();

  /** Number of addresses and networks. */
  get size(): number {
    return this.#ends.size;
  }

  /**
   * Adds a ban. An address stays banned as long as one of its bans.
   *
   * @param endsMs In milliseconds since 1970; `null`: never.
   */
  add(address: Address, endsMs: number | null): void {
    const known = this.#ends.get(address);
    const isLonger = known === undefined ||
      known !== null && (endsMs === null || endsMs > known);
    if (isLonger) this.#ends.set(address, endsMs);
  }

  /** In numerical order, to compare exports line by line; in short steps. */
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

  /** The same addresses in the fewest networks, without ends; in steps. */
  *aggregated(): Generator<undefined, readonly ExportedNetwork[], undefined> {
    const fewest = yield* aggregating(this.#ends.keys());
    const networks: ExportedNetwork[] = [];
    for (const network of fewest) {
      if (networks.push({ network, endsMs: null }) % STEP === 0) yield;
    }
    return networks;
  }
}
