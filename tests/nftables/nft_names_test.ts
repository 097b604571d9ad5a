import { strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { type Address, parseAddress } from "../../lib/base/address.ts";
import {
  checkedNftTable,
  NFT_SETS,
  NFT_TABLE,
  nftPlacesOf,
  type NftSet,
  nftSetParts,
  type NftTable,
  parseNftSet,
  parseNftTable,
} from "../../lib/nftables/nft_names.ts";
import { anyAddress } from "../support/values/any_values.ts";
import { address } from "../support/values/core_values.ts";
import { hostileVariants } from "../support/values/hostile_text.ts";

const LONGEST = `fail2ban_${"x".repeat(32)}`;

for (const good of [NFT_TABLE, "fail2ban_2", LONGEST]) {
  Deno.test(`parseNftTable() takes ${good}`, () => {
    strictEqual(parseNftTable(good), good);
    strictEqual(checkedNftTable(good as NftTable), good);
  });
}

for (
  const bad of [
    "",
    "filter",
    "fail2ban_",
    "Fail2ban_x",
    "x_fail2ban_x",
    "fail2ban-x",
    "fail2ban_x\n",
    "fail2ban_x; flush ruleset",
    `${LONGEST}x`,
  ]
) {
  Deno.test(`parseNftTable() refuses ${JSON.stringify(bad)}: the host may have it, or nft may not take it`, () => {
    strictEqual(parseNftTable(bad), undefined);
    throws(() => checkedNftTable(bad as NftTable), TypeError);
  });
}

for (
  const [text, set] of [
    ["192.0.2.1", "banned4"],
    ["192.0.2.0/24", "banned4_24"],
    ["128.0.0.0/1", "banned4_1"],
    ["2001:db8::1", "banned6"],
    ["2001:db8::/48", "banned6_48"],
    ["::2/127", "banned6_127"],
  ] as const
) {
  Deno.test(`nftPlacesOf() puts ${text} in ${set}`, () => {
    strictEqual(nftPlacesOf(address(text))?.set, set);
  });
}

Deno.test("nftPlacesOf() takes of digits and points what is an address, and nothing else", () => {
  const octet = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map(String),
    fc.constantFrom("", "00", "01", "007", "1e1", "0x1"),
  );
  const texts = fc.array(octet, { minLength: 3, maxLength: 5 })
    .map((octets) => octets.join("."));
  fc.assert(fc.property(texts, (text) => {
    const places = nftPlacesOf(text as Address);
    strictEqual(places !== undefined, parseAddress(text) !== undefined);
    if (places === undefined) return;
    const part = Number(text.slice(text.lastIndexOf(".") + 1)) % 64;
    strictEqual(places.part, `banned4_part${part}`);
  }));
});

for (const text of ["0.0.0.0/0", "::/0"]) {
  Deno.test(`nftPlacesOf() has no set for ${text}`, () => {
    strictEqual(nftPlacesOf(address(text))?.set, undefined);
  });
}

Deno.test("nftPlacesOf() has a set for whatever else is an address, and its name says the rest of it", () => {
  fc.assert(fc.property(anyAddress, (text) => {
    const set = nftPlacesOf(text)?.set;
    if (set === undefined) return text.endsWith("/0");
    strictEqual(parseNftSet(set), set);
    const { family, prefixBits } = nftSetParts(set);
    strictEqual(family, text.includes(":") ? 6 : 4);
    const [, bits] = text.split("/");
    strictEqual(String(prefixBits), String(bits));
    return true;
  }));
});

Deno.test("nftPlacesOf() has no set for text that is no address", () => {
  fc.assert(fc.property(hostileVariants(anyAddress), (text) => {
    const set = nftPlacesOf(text as Address)?.set;
    return set === undefined || /^[0-9a-f:.]+(?:\/[1-9]\d*)?$/.test(text);
  }));
});

Deno.test("the sets that are always there have good names", () => {
  for (const set of NFT_SETS) strictEqual(parseNftSet(set), set);
});

for (
  const bad of [
    "",
    "banned",
    "banned5",
    "banned4_",
    "banned4_0",
    "banned4_024",
    "banned4_32",
    "banned6_128",
    "banned6_999",
    "xbanned4",
    "banned4\n",
    "banned4_24 }",
  ]
) {
  Deno.test(`parseNftSet() refuses ${JSON.stringify(bad)}`, () => {
    strictEqual(parseNftSet(bad), undefined);
    throws(() => nftSetParts(bad as NftSet), TypeError);
  });
}
