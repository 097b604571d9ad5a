import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { CLUSTER_JAIL } from "../../lib/base/jail_name.ts";
import {
  nftHint,
  nftReason,
  parseNftListing,
} from "../../lib/nftables/nft_listing.ts";
import { NFT_TABLE } from "../../lib/nftables/nft_names.ts";
import { address } from "../support/values/core_values.ts";

const NOW_MS = Date.UTC(2026, 10, 23);

/** As nft 1.0.6 writes it, with the handles and rules left out. */
const LISTING = {
  nftables: [
    { metainfo: { version: "1.0.6", json_schema_version: 1 } },
    { table: { family: "inet", name: "fail2ban_cluster", handle: 12 } },
    {
      counter: {
        family: "inet",
        name: "dropped4",
        table: "fail2ban_cluster",
        packets: 0,
        bytes: 0,
      },
    },
    {
      set: {
        family: "inet",
        name: "banned4",
        table: "fail2ban_cluster",
        type: "ipv4_addr",
        flags: ["timeout"],
        elem: [
          "192.0.2.1",
          { elem: { val: "192.0.2.2", timeout: 300, expires: 299 } },
          { elem: { val: "192.0.2.3", timeout: 1, expires: 0 } },
        ],
      },
    },
    {
      set: {
        name: "banned6_48",
        type: "ipv6_addr",
        flags: ["timeout"],
        elem: ["2001:db8::", "2001:db8:1::1"],
      },
    },
    { set: { name: "banned6", type: "ipv6_addr", flags: ["timeout"] } },
    { set: { name: "whitelist", type: "ipv4_addr", elem: ["192.0.2.9"] } },
    { chain: { name: "input", hook: "input", prio: -10, policy: "accept" } },
  ],
};

function banUntil(text: string, expiresMs: number) {
  return { jail: CLUSTER_JAIL, address: address(text), expiresMs };
}

Deno.test("parseNftListing() reads the sets that are ours, and in them the bans that match anything", () => {
  deepStrictEqual(parseNftListing(bytes(JSON.stringify(LISTING)), NOW_MS), [
    {
      set: "banned4",
      bans: [
        banUntil("192.0.2.1", Infinity),
        banUntil("192.0.2.2", NOW_MS + 299_000),
        banUntil("192.0.2.3", NOW_MS),
      ],
    },
    { set: "banned6_48", bans: [banUntil("2001:db8::/48", Infinity)] },
    { set: "banned6", bans: [] },
  ]);
});

/** What is in a set of IPv6 as nft prints it, and what that is. */
const IN_IPV6: readonly (readonly [
  set: string,
  printed: string,
  is: string | undefined,
])[] = [
  ["banned6", "::1.2.3.4", "::102:304"],
  ["banned6", "::0.10.0.0", "::a:0"],
  ["banned6_part0", "::1.2.3.4", "::102:304"],
  ["banned6_112", "::1.2.0.0", "::102:0/112"],
  ["banned6_112", "::1.2.3.4", undefined],
  ["banned6_112", "::102:304", undefined],
  ["banned6_96", "::ffff:0.0.0.0", undefined],
  ["banned6_120", "::ffff:1.2.3.0", undefined],
  ["banned6", "::ffff:1.2.3.4", undefined],
  ["banned4", "::1.2.3.4", undefined],
];

for (const [set, printed, is] of IN_IPV6) {
  Deno.test(`parseNftListing() reads ${printed} in ${set} as ${is ?? "what matches nothing"}`, () => {
    const listing = { nftables: [{ set: { name: set, elem: [printed] } }] };
    const [listed] = parseNftListing(bytes(JSON.stringify(listing)), NOW_MS);
    const bans = is === undefined ? [] : [banUntil(is, Infinity)];
    deepStrictEqual(listed, { set, bans });
  });
}

for (
  const [what, text] of [
    ["text that is no JSON", "table inet x {"],
    ["an empty text", ""],
    ["a list", "[]"],
    ["null", "null"],
    ["a listing of nothing", `{"nftables": {}}`],
    ["elements that are no list", element({})],
    ["an element without a value", element([{ elem: { timeout: 3 } }])],
    ["a prefix", element([{ prefix: { addr: "192.0.2.0", len: 24 } }])],
    [
      "a prefix with a timeout",
      element([{ elem: { val: { prefix: { addr: "192.0.2.0", len: 24 } } } }]),
    ],
    ["an end in words", element([{ elem: { val: "::1", expires: "2s" } }])],
    ["an element that is null", element([null])],
    ["an element that is a number", element([3])],
  ] as const
) {
  Deno.test(`parseNftListing() refuses ${what}`, () => {
    throws(() => parseNftListing(bytes(text), NOW_MS), SyntaxError);
  });
}

for (
  const [stderr, reason] of [
    [
      "/dev/stdin:3:31-37: Error: Could not process rule: File exists\nadd set inet x\n        ^^^\n",
      "File exists",
    ],
    [
      "/dev/stdin:1:45-53: Error: interval overlaps with an existing one\nadd\n",
      "interval overlaps with an existing one",
    ],
    [
      "netlink: Error: cache initialization failed: Operation not permitted\n",
      "netlink: Error: cache initialization failed: Operation not permitted",
    ],
    ["Error: No such file or directory\nlist\n", "No such file or directory"],
    ["\n\x1b[1mred\x1b[0m\n", "?[1mred?[0m"],
    ["", "it doesn't say why"],
    [" \n ", "it doesn't say why"],
    ["x".repeat(5_000), "x".repeat(200)],
  ] as const
) {
  Deno.test(`nftReason() finds "${reason.slice(0, 40)}" in what nft complains of`, () => {
    strictEqual(nftReason(stderr), reason);
  });
}

Deno.test("nftHint() tells the likely way out", () => {
  const hint = (reason: string) => nftHint(reason, NFT_TABLE);
  ok(hint("Operation not permitted").includes("CAP_NET_ADMIN"));
  const ofOtherTables = [
    "File exists",
    "datatype mismatch, expected IPv4 address, expression has type internet network service",
    "Operation not supported",
  ];
  for (const reason of ofOtherTables) {
    ok(hint(reason).includes("nft delete table inet fail2ban_cluster"), reason);
  }
  ok(hint("Invalid argument").includes("nft list ruleset"));
});

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function element(elem: unknown): string {
  return JSON.stringify({ nftables: [{ set: { name: "banned4", elem } }] });
}
