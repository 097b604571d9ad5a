/**
 * Who is behind an address, as far as one can tell.
 *
 * @module
 */

import { canonicalAddress } from "../base/address.ts";

/** What counts as one: whoever has an address of IPv6 has its whole /64. */
export function sourceOf(address: string): string {
  const text = address.includes(":") ? `${address}/64` : address;
  return canonicalAddress(text) ?? address;
}
