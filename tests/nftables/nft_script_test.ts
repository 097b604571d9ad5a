import {
  deepStrictEqual,
  match,
  ok,
  strictEqual,
  throws,
} from "node:assert/strict";
import fc from "fast-check";
import type { Address } from "../../lib/base/address.ts";
import {
  NFT_TABLE,
  nftPlacesOf,
  type NftSet,
  type NftTable,
} from "../../lib/nftables/nft_names.ts";
import {
  type NftBan,
  renderNftBans,
  renderNftRemoval,
  renderNftTable,
  renderNftUnbans,
} from "../../lib/nftables/nft_script.ts";
import { anyAddress } from "../support/values/any_values.ts";
import { address } from "../support/values/core_values.ts";
import { hostileVariants } from "../support/values/hostile_text.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const DAY_MS = 86_400_000;

const ELEMENT = String.raw`[0-9a-f:.]+(?: timeout (?:[1-9]\d{0,5}d)?\d{1,5}s)?`;
const SET = "banned[46](?:_[1-9][0-9]{0,2})?";
/** Everything that may ever stand in a script. */
const GRAMMAR = [
  /^(?:add|delete) table inet fail2ban_cluster$/,
  /^add counter inet fail2ban_cluster dropped[46]$/,
  RegExp(
    `^add set inet fail2ban_cluster ${SET} \\{ type ipv[46]_addr; flags timeout; \\}$`,
  ),
  /^(?:add|flush) chain inet fail2ban_cluster (?:banned|input|forward)$/,
  /^add chain inet fail2ban_cluster (input|forward) \{ type filter hook \1 priority -10; policy accept; \}$/,
  /^add rule inet fail2ban_cluster (?:input|forward) jump banned$/,
  RegExp(
    `^add rule inet fail2ban_cluster banned ip6? saddr (?:& [0-9a-f:.]+ )?@${SET} counter name dropped[46] drop$`,
  ),
  RegExp(
    `^(?:add|delete) element inet fail2ban_cluster ${SET} \\{ ${ELEMENT}(?:, ${ELEMENT})* \\}$`,
  ),
];

/** The lines of a script, each of which the grammar has. */
function linesOf(script: string): string[] {
  const lines = script.split("\n");
  strictEqual(lines.pop(), "");
  for (const line of lines) {
    ok(GRAMMAR.some((pattern) => pattern.test(line)), JSON.stringify(line));
  }
  return lines;
}

function ban(text: string, lastsMs: number): NftBan {
  return { address: address(text), expiresMs: NOW_MS + lastsMs };
}

function renderBans(...bans: NftBan[]): string[] {
  return linesOf(renderNftBans(NFT_TABLE, bans, NOW_MS));
}

const anyBan: fc.Arbitrary<NftBan> = fc.record({
  address: anyAddress.filter((text) => nftPlacesOf(text)?.set !== undefined),
  expiresMs: fc.oneof(
    fc.constantFrom(Infinity, -Infinity, 0, Number.MAX_SAFE_INTEGER),
    fc.integer({ min: NOW_MS - DAY_MS, max: NOW_MS + 400 * DAY_MS }),
    fc.double({ noNaN: true }),
  ),
}, { noNullPrototype: true });

Deno.test("renderNftTable() hooks the sets in before the host's filter, in the table of its own", () => {
  deepStrictEqual(
    linesOf(renderNftTable(NFT_TABLE, ["banned6_48" as NftSet])),
    [
      "add table inet fail2ban_cluster",
      "add counter inet fail2ban_cluster dropped4",
      "add counter inet fail2ban_cluster dropped6",
      "add set inet fail2ban_cluster banned4 { type ipv4_addr; flags timeout; }",
      "add set inet fail2ban_cluster banned6 { type ipv6_addr; flags timeout; }",
      "add set inet fail2ban_cluster banned6_48 { type ipv6_addr; flags timeout; }",
      "add chain inet fail2ban_cluster banned",
      "flush chain inet fail2ban_cluster banned",
      "add rule inet fail2ban_cluster banned ip saddr @banned4 counter name dropped4 drop",
      "add rule inet fail2ban_cluster banned ip6 saddr @banned6 counter name dropped6 drop",
      "add rule inet fail2ban_cluster banned ip6 saddr & ffff:ffff:ffff:: @banned6_48 counter name dropped6 drop",
      "add chain inet fail2ban_cluster input { type filter hook input priority -10; policy accept; }",
      "flush chain inet fail2ban_cluster input",
      "add rule inet fail2ban_cluster input jump banned",
      "add chain inet fail2ban_cluster forward { type filter hook forward priority -10; policy accept; }",
      "flush chain inet fail2ban_cluster forward",
      "add rule inet fail2ban_cluster forward jump banned",
    ],
  );
});

for (
  const [set, mask] of [
    ["banned4_1", "128.0.0.0"],
    ["banned4_24", "255.255.255.0"],
    ["banned4_31", "255.255.255.254"],
    ["banned6_1", "8000::"],
    ["banned6_64", "ffff:ffff:ffff:ffff::"],
    ["banned6_127", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"],
  ] as const
) {
  Deno.test(`renderNftTable() looks for ${set} with the mask ${mask}`, () => {
    const script = renderNftTable(NFT_TABLE, [set as string as NftSet]);
    ok(
      linesOf(script).some((line) =>
        line.includes(` saddr & ${mask} @${set} `)
      ),
    );
  });
}

Deno.test("renderNftRemoval() removes the table, also one that isn't there", () => {
  deepStrictEqual(linesOf(renderNftRemoval(NFT_TABLE)), [
    "add table inet fail2ban_cluster",
    "delete table inet fail2ban_cluster",
  ]);
});

Deno.test("renderNftBans() gives bans their new end whether or not they are in force", () => {
  deepStrictEqual(
    renderBans(
      ban("192.0.2.1", 60_000),
      ban("192.0.2.2", Infinity),
      ban("2001:db8::/48", 3_600_000),
    ),
    [
      "add element inet fail2ban_cluster banned4 { 192.0.2.1, 192.0.2.2 }",
      "delete element inet fail2ban_cluster banned4 { 192.0.2.1, 192.0.2.2 }",
      "add element inet fail2ban_cluster banned4 { 192.0.2.1 timeout 60s, 192.0.2.2 }",
      "add element inet fail2ban_cluster banned6_48 { 2001:db8:: }",
      "delete element inet fail2ban_cluster banned6_48 { 2001:db8:: }",
      "add element inet fail2ban_cluster banned6_48 { 2001:db8:: timeout 3600s }",
    ],
  );
});

for (
  const [lastsMs, ending] of [
    [0.5, " timeout 1s"],
    [1, " timeout 1s"],
    [1_000, " timeout 1s"],
    [1_001, " timeout 2s"],
    [DAY_MS - 1_000, " timeout 86399s"],
    [DAY_MS, " timeout 1d0s"],
    [3_650 * DAY_MS + 7_000, " timeout 3650d7s"],
    [1e6 * DAY_MS, ""],
    [Infinity, ""],
  ] as const
) {
  Deno.test(`renderNftBans() gives a ban of ${lastsMs} ms the ending ${ending.trim() || "nothing"}`, () => {
    const [, , last = ""] = renderBans(ban("192.0.2.1", lastsMs));
    ok(last.endsWith(` { 192.0.2.1${ending} }`), last);
  });
}

for (const lastsMs of [0, -1, -Infinity]) {
  Deno.test(`renderNftBans() takes a ban out of force whose end is ${lastsMs} ms away`, () => {
    deepStrictEqual(renderBans(ban("192.0.2.1", lastsMs)), [
      "add element inet fail2ban_cluster banned4 { 192.0.2.1 }",
      "delete element inet fail2ban_cluster banned4 { 192.0.2.1 }",
    ]);
  });
}

Deno.test("renderNftBans() names an address once, with the last of its ends", () => {
  const [first, , last] = renderBans(
    ban("192.0.2.1", 5_000),
    ban("192.0.2.1", 9_000),
    ban("192.0.2.1", 7_000),
  );
  match(first ?? "", / { 192\.0\.2\.1 }$/);
  match(last ?? "", / { 192\.0\.2\.1 timeout 9s }$/);
});

Deno.test("renderNftBans() refuses a ban without an end", () => {
  throws(() => renderBans(ban("192.0.2.1", NaN)), TypeError);
});

Deno.test("renderNftUnbans() deletes elements, also those that aren't there", () => {
  deepStrictEqual(
    linesOf(
      renderNftUnbans(NFT_TABLE, [
        address("192.0.2.1"),
        address("192.0.2.1"),
        address("192.0.2.0/24"),
      ]),
    ),
    [
      "add element inet fail2ban_cluster banned4 { 192.0.2.1 }",
      "delete element inet fail2ban_cluster banned4 { 192.0.2.1 }",
      "add element inet fail2ban_cluster banned4_24 { 192.0.2.0 }",
      "delete element inet fail2ban_cluster banned4_24 { 192.0.2.0 }",
    ],
  );
});

Deno.test("scripts hold nothing but the expected, whatever is banned", () => {
  fc.assert(fc.property(fc.array(anyBan), (bans) => {
    const addresses = bans.map((each) => each.address);
    const sets = addresses.map((each) => nftPlacesOf(each)?.set).filter((set) =>
      set !== undefined
    );
    linesOf(renderNftTable(NFT_TABLE, sets));
    linesOf(renderNftBans(NFT_TABLE, bans, NOW_MS));
    linesOf(renderNftUnbans(NFT_TABLE, addresses));
  }));
});

Deno.test("an address that is none reaches no script", () => {
  const hostile = hostileVariants(anyAddress).map((text) => text as Address);
  fc.assert(fc.property(hostile, anyBan, (bad, good) => {
    fc.pre(nftPlacesOf(bad)?.set === undefined);
    const bans = [good, { ...good, address: bad }];
    throws(() => renderNftBans(NFT_TABLE, bans, NOW_MS), TypeError);
    throws(() => renderNftUnbans(NFT_TABLE, [good.address, bad]), TypeError);
  }));
});

Deno.test("a table or set that is none of ours reaches no script", () => {
  fc.assert(fc.property(hostileVariants(fc.constant("fail2ban_x")), (text) => {
    fc.pre(!/^fail2ban_[a-z0-9_]+$/.test(text));
    const table = text as NftTable;
    throws(() => renderNftTable(table), TypeError);
    throws(() => renderNftRemoval(table), TypeError);
    throws(() => renderNftBans(table, [], NOW_MS), TypeError);
    throws(() => renderNftUnbans(table, []), TypeError);
  }));
  fc.assert(fc.property(hostileVariants(fc.constant("banned4_24")), (text) => {
    fc.pre(!/^banned[46](?:_\d+)?$/.test(text));
    throws(() => renderNftTable(NFT_TABLE, [text as NftSet]), TypeError);
  }));
});
