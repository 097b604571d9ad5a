import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { parseNftSetNames } from "../../lib/nftables/nft_listing.ts";
import {
  NFT_TABLE,
  nftPartSets,
  nftPlacesOf,
  nftSetParts,
  parseNftSet,
} from "../../lib/nftables/nft_names.ts";
import {
  renderNftBans,
  renderNftTable,
  renderNftUnbans,
} from "../../lib/nftables/nft_script.ts";
import { address } from "../support/values/core_values.ts";

const PARTS: Readonly<Record<string, string | undefined>> = {
  "192.0.2.0": "banned4_part0",
  "192.0.2.63": "banned4_part63",
  "192.0.2.64": "banned4_part0",
  "192.0.2.255": "banned4_part63",
  "192.0.2.0/24": undefined,
  "2001:db8:1::1": "banned6_part1",
  "2001:db8:40:5::1": "banned6_part0",
  "2001:db8:ffff::1": "banned6_part63",
  "2001:db8::1": "banned6_part0",
  "2001::3f:1:2:3:4": "banned6_part0",
  "::3f:1:2:3:4:5": "banned6_part63",
  "1::2:3:4:5": "banned6_part0",
  "1:2:3:4:5:6:7:8": "banned6_part3",
  "1:2:3::": "banned6_part3",
  "2001:db8:1::/48": undefined,
};

for (const [text, part] of Object.entries(PARTS)) {
  Deno.test(`nftPlacesOf() puts ${text} into ${part ?? "no part"}`, () => {
    strictEqual(nftPlacesOf(address(text))?.part, part);
  });
}

Deno.test("the names of parts are read as they are written, and no others", () => {
  for (const family of [4, 6] as const) {
    nftPartSets(family).forEach((set, part) => {
      strictEqual(parseNftSet(set), set);
      deepStrictEqual(nftSetParts(set), {
        family,
        prefixBits: undefined,
        part,
      });
    });
  }
  for (const text of ["banned4_part64", "banned4_part07", "banned4_part"]) {
    strictEqual(parseNftSet(text), undefined, text);
  }
});

Deno.test("renderNftBans() puts an address into its part and out of the whole set, where there are parts", () => {
  const sets = new Set(nftPartSets(4));
  const bans = [
    { address: address("192.0.2.1"), expiresMs: Infinity },
    { address: address("2001:db8::1"), expiresMs: Infinity },
  ];
  const whole = "inet fail2ban_cluster banned4 { 192.0.2.1 }";
  const part = "inet fail2ban_cluster banned4_part1 { 192.0.2.1 }";
  const six = "inet fail2ban_cluster banned6 { 2001:db8::1 }";
  deepStrictEqual(renderNftBans(NFT_TABLE, bans, 0, sets).split("\n"), [
    `add element ${whole}`,
    `delete element ${whole}`,
    `add element ${part}`,
    `delete element ${part}`,
    `add element ${part}`,
    `add element ${six}`,
    `delete element ${six}`,
    `add element ${six}`,
    "",
  ]);
  deepStrictEqual(
    renderNftUnbans(NFT_TABLE, [address("192.0.2.1")], sets).split("\n"),
    [
      `add element ${whole}`,
      `delete element ${whole}`,
      `add element ${part}`,
      `delete element ${part}`,
      "",
    ],
  );
});

Deno.test("renderNftTable() has a packet looked up in one part", () => {
  const lines = renderNftTable(NFT_TABLE, nftPartSets(6)).split("\n");
  const maps = lines.filter((line) => line.includes("vmap"));
  strictEqual(maps.length, 1);
  ok(maps[0]?.includes("ip6 saddr & 0:0:3f:: vmap { 0:0:0:: : jump"), maps[0]);
  const rules = lines.filter((line) => line.includes("@banned6_part"));
  strictEqual(rules.length, 64);
});

Deno.test("parseNftSetNames() takes the sets of the table that are ours", () => {
  const sets = [
    { family: "inet", table: "fail2ban_cluster", name: "banned4" },
    { family: "inet", table: "fail2ban_cluster", name: "banned4_part5" },
    { family: "inet", table: "fail2ban_cluster", name: "mine" },
    { family: "inet", table: "other", name: "banned6" },
    { family: "ip", table: "fail2ban_cluster", name: "banned6" },
  ];
  const nftables = [{ metainfo: {} }, ...sets.map((set) => ({ set }))];
  const listing = new TextEncoder().encode(JSON.stringify({ nftables }));
  deepStrictEqual(parseNftSetNames(listing, NFT_TABLE), [
    "banned4",
    "banned4_part5",
  ]);
});
