/**
 * The sender behind an address, as far as is known.
 *
 * @module
 */

import { canonicalAddress } from "../base/address.ts";

/** What counts as one source: an address of IPv4, or a whole /64 of IPv6. */
export function sourceOf(address: string): string {
  const text = address.includes(":") ? `${address}/64` : address;
  return canonicalAddress(text) ?? address;
}
