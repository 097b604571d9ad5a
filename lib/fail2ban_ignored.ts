/**
 * `ignoreip` of a jail, which fail2ban does not look at when it is told to ban.
 *
 * @module
 */

import { type Address, canonicalAddress } from "./address.ts";
import { addressSpan, NetworkSet } from "./network_set.ts";

/** fail2ban prints a prefix of no bits without its length. */
const EVERYTHING: Readonly<Record<string, string>> = {
  "0.0.0.0": "0.0.0.0/0",
  "::": "::/0",
};

/**
 * Whom a jail never bans. Names of hosts, files and whatever else is no address
 * match nothing here: nobody is asked for their addresses.
 */
export class IgnoredAddresses {
  readonly #networks: NetworkSet;

  /** @param entries The jail's `ignoreip`, as fail2ban tells it. */
  constructor(entries: readonly string[]) {
    const networks = entries.flatMap((entry) => {
      const network = canonicalAddress(EVERYTHING[entry] ?? entry);
      return network === undefined ? [] : [{ network, label: entry }];
    });
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
