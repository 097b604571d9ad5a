/**
 * `ignoreip` of a jail, which fail2ban ignores when it executes a `banip`
 * command.
 *
 * @module
 */

import { type Address, canonicalAddress } from "../base/address.ts";
import { type LabelledNetwork, NetworkSet } from "../base/network_set.ts";

/** fail2ban prints the prefixes of length 0 without their length. */
const EVERYTHING: Readonly<Record<string, string>> = {
  "0.0.0.0": "0.0.0.0/0",
  "::": "::/0",
};

/**
 * Splits the entries of an `ignoreip` into networks and the rest: host names,
 * files, anything else.
 *
 * @param entries The jail's `ignoreip`, as fail2ban lists it.
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

/** The addresses that a jail never bans. */
export class IgnoredAddresses {
  readonly #networks: NetworkSet;

  /**
   * Creates a set of networks.
   *
   * @param networks The addresses and prefixes in its `ignoreip`.
   */
  constructor(networks: readonly LabelledNetwork[]) {
    this.#networks = new NetworkSet(networks);
  }

  /**
   * Whether a ban would include an address that the jail never bans.
   *
   * @param address The address or prefix of the ban.
   */
  concerns(address: Address): boolean {
    return this.#networks.meeting(address) !== undefined;
  }
}
