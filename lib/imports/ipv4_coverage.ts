/**
 * The share of IPv4 that several networks cover together.
 *
 * @module
 */

import { type Address, addressParts } from "../base/address.ts";

/**
 * Counts the IPv4 addresses in a union of networks.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { Ipv4Coverage } from "./ipv4_coverage.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const coverage = new Ipv4Coverage();
 * for (const text of ["192.0.2.0/24", "192.0.2.7", "198.51.100.7"]) {
 *   const address = parseAddress(text);
 *   ok(address);
 *   coverage.add(address);
 * }
 * let total = 0;
 * for (const count of coverage.counts()) total += count;
 * strictEqual(total, 257);
 * ```
 */
export class Ipv4Coverage {
  /** First addresses, by prefix length. */
  readonly #networks = new Map<number, Set<number>>();

  /** Adds a network; IPv6 networks are ignored. */
  add(address: Address): void {
    if (address.includes(":")) return;
    const { base, prefixBits } = addressParts(address);
    const [a = 0, b = 0, c = 0, d = 0] = base.toByteArray();
    const first = ((a * 256 + b) * 256 + c) * 256 + d;
    const known = this.#networks.get(prefixBits);
    if (known === undefined) this.#networks.set(prefixBits, new Set([first]));
    else known.add(first);
  }

  /**
   * Yields the contribution of each network; in steps, because it may take
   * long.
   *
   * @returns Numbers of addresses, to be added up.
   */
  *counts(): Generator<number, void, undefined> {
    const lengths = [...this.#networks.keys()].sort((left, right) =>
      left - right
    );
    for (const [index, bits] of lengths.entries()) {
      const wider = lengths.slice(0, index);
      for (const first of this.#networks.get(bits) ?? []) {
        const isWithin = wider.some((each) => {
          const size = 2 ** (32 - each);
          return this.#networks.get(each)?.has(first - first % size) === true;
        });
        yield isWithin ? 0 : 2 ** (32 - bits);
      }
    }
  }
}
