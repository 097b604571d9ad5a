/**
 * Arbitrary values of the core, for property tests.
 *
 * @module
 */

import fc from "fast-check";
import { canonicalAddress } from "../../../lib/base/address.ts";
import type { BanEvent } from "../../../lib/ban/ban_event.ts";
import { parseJailName } from "../../../lib/base/jail_name.ts";
import { address, host, jail } from "./core_values.ts";

const WORD = "abcxyzABCXYZ0123456789";

/**
 * Texts that start with a letter or digit, with further permitted characters.
 */
function words(others: string, maxLength: number): fc.Arbitrary<string> {
  const rest = fc.string({
    unit: fc.constantFrom(...WORD, ...others),
    maxLength,
  });
  return fc.tuple(fc.constantFrom(...WORD), rest).map((parts) =>
    parts.join("")
  );
}

const ipv4Text = fc.tuple(...Array(4).fill(fc.nat(255))).map((octets) =>
  octets.join(".")
);
const ipv6Text = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), {
  minLength: 8,
  maxLength: 8,
}).map((groups) => groups.map((group) => group.toString(16)).join(":"));

/** IPv4 and IPv6 addresses and prefixes. */
export const anyAddress = fc.oneof(
  fc.tuple(ipv4Text, fc.constantFrom("", "", "/24", "/31", "/7")),
  fc.tuple(ipv6Text, fc.constantFrom("", "", "/48", "/127", "/3")),
)
  .map((parts) => canonicalAddress(parts.join("")))
  .filter((text) => text !== undefined)
  .map(address);

/** Jail names. */
export const anyJailName = words("_.@:+-", 63)
  .filter((text) => parseJailName(text) !== undefined)
  .map(jail);

/** Host names of up to three labels. */
export const anyHostName = fc.array(words("_", 62), {
  minLength: 1,
  maxLength: 3,
}).map((labels) => host(labels.join(".")));

/** Bans and unbans. */
export const anyBanEvent: fc.Arbitrary<BanEvent> = fc.record({
  kind: fc.constantFrom("ban", "unban"),
  origin: anyHostName,
  jail: anyJailName,
  address: anyAddress,
}, { noNullPrototype: true });
