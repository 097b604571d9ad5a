import { addressSpan } from "../../lib/base/address_span.ts";
import { strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { addressParts, canonicalAddress } from "../../lib/base/address.ts";
import {
  type LabelledNetwork,
  NetworkSet,
} from "../../lib/base/network_set.ts";
import { address } from "../support/values/core_values.ts";

function setOf(...texts: string[]): NetworkSet {
  const networks = texts.map((text): LabelledNetwork => ({
    network: address(text),
    label: `<${text}>`,
  }));
  return new NetworkSet(networks);
}

function lookUp(set: NetworkSet, text: string): string | undefined {
  return set.overlapping(addressSpan(address(text)));
}

/** The bits that all addresses of a prefix begin with, as digits. */
function commonBits(text: string): string {
  const { base, prefixBits } = addressParts(address(text));
  const bits = base.toByteArray().map((byte) =>
    byte.toString(2).padStart(8, "0")
  ).join("");
  return `${base.kind()} ${bits.slice(0, prefixBits)}`;
}

Deno.test("overlapping() finds the network that holds an address, up to both of its ends", () => {
  const set = setOf("192.0.2.64/26", "2001:db8:1::/48");
  const inside = [
    ["192.0.2.64", "<192.0.2.64/26>"],
    ["192.0.2.127", "<192.0.2.64/26>"],
    ["192.0.2.96/27", "<192.0.2.64/26>"],
    ["2001:db8:1::", "<2001:db8:1::/48>"],
    ["2001:db8:1:ffff:ffff:ffff:ffff:ffff", "<2001:db8:1::/48>"],
  ] as const;
  for (const [text, label] of inside) strictEqual(lookUp(set, text), label);
  const outside = [
    "192.0.2.63",
    "192.0.2.128",
    "192.0.2.0/26",
    "2001:db8::ffff",
    "2001:db8:2::",
  ];
  for (const text of outside) strictEqual(lookUp(set, text), undefined, text);
});

Deno.test("overlapping() finds what a prefix holds: the lowest network, the widest where they nest", () => {
  const set = setOf("198.51.100.9", "198.51.100.4", "198.51.100.0/29");
  strictEqual(lookUp(set, "198.51.100.0/24"), "<198.51.100.0/29>");
  strictEqual(lookUp(set, "198.51.100.4"), "<198.51.100.0/29>");
  strictEqual(lookUp(set, "198.51.100.8/29"), "<198.51.100.9>");
  strictEqual(lookUp(set, "0.0.0.0/0"), "<198.51.100.0/29>");
});

Deno.test("overlapping() takes no IPv4 address for an IPv6 one of the same number", () => {
  strictEqual(lookUp(setOf("::/0"), "192.0.2.1"), undefined);
  strictEqual(lookUp(setOf("0.0.0.0/0"), "::1"), undefined);
  strictEqual(lookUp(setOf("0.0.0.1"), "::1"), undefined);
});

Deno.test("overlapping() gives the first of several labels of one network", () => {
  const network = address("192.0.2.1");
  const set = new NetworkSet([
    { network, label: "first" },
    { network, label: "second" },
  ]);
  strictEqual(lookUp(set, "192.0.2.1"), "first");
});

Deno.test("overlapping() finds nothing in an empty set", () => {
  strictEqual(lookUp(setOf(), "192.0.2.1"), undefined);
  strictEqual(lookUp(setOf(), "::/0"), undefined);
});

Deno.test("overlapping() finds a network exactly when one begins with the bits of the other", () => {
  // Few addresses and many lengths, so that they meet often.
  const ipv4 = fc.tuple(
    fc.constantFrom("192.0.2", "192.0.3", "64.0.2"),
    fc.nat(15),
    fc.constantFrom(0, 1, 8, 22, 23, 24, 28, 29, 30, 31, 32),
  ).map(([start, end, bits]) => `${start}.${end}/${bits}`);
  const ipv6 = fc.tuple(
    fc.constantFrom("2001:db8::", "2001:db8:0:1::", "ff::"),
    fc.nat(15),
    fc.constantFrom(0, 3, 32, 63, 64, 65, 124, 126, 127, 128),
  ).map(([start, end, bits]) => `${start}${end.toString(16)}/${bits}`);
  const network = fc.oneof(ipv4, ipv6).map((text) =>
    String(canonicalAddress(text))
  );
  fc.assert(
    fc.property(
      fc.array(network, { maxLength: 12 }),
      network,
      (texts, asked) => {
        const wanted = commonBits(asked);
        const expected = texts.filter((text) => {
          const bits = commonBits(text);
          return bits.startsWith(wanted) || wanted.startsWith(bits);
        });
        const found = lookUp(setOf(...texts), asked);
        strictEqual(found !== undefined, expected.length > 0);
        const isOneOf = expected.some((text) => found === `<${text}>`);
        strictEqual(isOneOf, found !== undefined);
      },
    ),
    { numRuns: 2_000 },
  );
});
