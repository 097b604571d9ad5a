/**
 * `ignoreip` of a jail, which fail2ban does not look at when it is told to ban.
 *
 * @module
 */

import {
  type Address,
  type AddressParts,
  addressParts,
  canonicalAddress,
} from "./address.ts";

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
  readonly #networks: readonly AddressParts[];

  /** @param entries The jail's `ignoreip`, as fail2ban tells it. */
  constructor(entries: readonly string[]) {
    this.#networks = entries.flatMap((entry) => {
      const address = canonicalAddress(EVERYTHING[entry] ?? entry);
      return address === undefined ? [] : [addressParts(address)];
    });
  }

  /**
   * Whether a ban would concern somebody whom the jail never bans.
   *
   * @param address Whom the ban concerns; a prefix that holds an ignored address does.
   */
  concerns(address: Address): boolean {
    const parts = addressParts(address);
    return this.#networks.some((network) => overlap(parts, network));
  }
}

/** Two prefixes overlap when the shorter one holds the other. */
function overlap(left: AddressParts, right: AddressParts): boolean {
  if (left.base.kind() !== right.base.kind()) return false;
  const bits = Math.min(left.prefixBits, right.prefixBits);
  return left.base.match(right.base, bits);
}
