/**
 * `ignoreip` of a jail, which fail2ban does not look at when it is told to ban.
 *
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import {
  addressSpan,
  type LabelledNetwork,
  NetworkSet,
} from "../base/network_set.ts";

/** fail2ban prints a prefix of no bits without its length. */
const EVERYTHING: Readonly<Record<string, string>> = {
  "0.0.0.0": "0.0.0.0/0",
  "::": "::/0",
};

/**
 * Parts the entries of an `ignoreip` into networks and what is no address:
 * names of hosts, files, whatever.
 *
 * @param entries The jail's `ignoreip`, as fail2ban tells it.
 */
export function partIgnored(
  entries: readonly string[],
): { networks: readonly LabelledNetwork[]; others: readonly string[] } {
  const networks: LabelledNetwork[] = [];
  const others: string[] = [];
  for (const entry of entries) {
    const network = canonicalAddress(EVERYTHING[entry] ?? entry);
    if (network === undefined) others.push(entry);
    else networks.push({ network, label: entry });
  }
  return { networks, others };
}

/** Whom a jail never bans. */
export class IgnoredAddresses {
  readonly #networks: NetworkSet;

  /**
   * Makes a set of them.
   *
   * @param networks The addresses and prefixes that its `ignoreip` stands for.
   */
  constructor(networks: readonly LabelledNetwork[]) {
    this.#networks = new NetworkSet(networks);
  }

  /**
   * Whether a ban would concern somebody whom the jail never bans.
   *
   * @param address Whom the ban concerns; a prefix that holds an ignored address does.
   */
  concerns(address: Address): boolean {
    return this.#networks.overlapping(addressSpan(address)) !== undefined;
  }
}
