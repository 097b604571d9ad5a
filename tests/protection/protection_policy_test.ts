import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { addressParts, canonicalAddress } from "../../lib/base/address.ts";
import {
  type LabelledNetwork,
  NetworkSet,
} from "../../lib/base/network_set.ts";
import {
  type GuardedNetworks,
  type ProtectionRule,
  refusal,
} from "../../lib/protection/protection_policy.ts";
import { address } from "../support/values/core_values.ts";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
const OPEN = { ...POLICY, allowPrivate: true };

const REFUSED: readonly (readonly [
  text: string,
  rule: string,
  because: string,
])[] = [
  ["0.0.0.0", "unspecified", "0.0.0.0/8"],
  ["0.255.255.255", "unspecified", "0.0.0.0/8"],
  ["0.0.0.0/0", "unspecified", "0.0.0.0/8"],
  ["127.0.0.1", "loopback", "127.0.0.0/8"],
  ["127.255.255.255", "loopback", "127.0.0.0/8"],
  ["127.0.0.0/24", "loopback", "127.0.0.0/8"],
  ["126.0.0.0/7", "loopback", "127.0.0.0/8"],
  ["169.254.169.254", "link-local", "169.254.0.0/16"],
  ["224.0.0.1", "multicast", "224.0.0.0/4"],
  ["239.255.255.255", "multicast", "224.0.0.0/4"],
  ["255.255.255.255", "broadcast", "255.255.255.255"],
  ["255.255.255.0/24", "broadcast", "255.255.255.255"],
  ["::", "unspecified", "::"],
  ["::/0", "unspecified", "::"],
  ["::/64", "unspecified", "::"],
  ["::1", "loopback", "::1"],
  ["fe80::1", "link-local", "fe80::/10"],
  ["febf:ffff::1", "link-local", "fe80::/10"],
  ["ff02::1", "multicast", "ff00::/8"],
  ["fe00::/7", "link-local", "fe80::/10"],
  ["192.0.0.0/23", "too-wide", "/24"],
  ["128.0.0.0/2", "link-local", "169.254.0.0/16"],
  ["2001:db8::/47", "too-wide", "/48"],
  ["::fffe:0:0/95", "mapped", "::ffff:0:0/96"],
  ["10.0.0.0/8", "too-wide", "/24"],
];

const PRIVATE: readonly (readonly [text: string, because: string])[] = [
  ["10.0.0.0", "10.0.0.0/8"],
  ["10.255.255.255", "10.0.0.0/8"],
  ["10.1.2.0/24", "10.0.0.0/8"],
  ["100.64.0.0", "100.64.0.0/10"],
  ["100.127.255.255", "100.64.0.0/10"],
  ["172.16.0.0", "172.16.0.0/12"],
  ["172.31.255.0/24", "172.16.0.0/12"],
  ["192.168.0.0", "192.168.0.0/16"],
  ["192.168.255.255", "192.168.0.0/16"],
  ["fc00::", "fc00::/7"],
  ["fdff:ffff::1", "fc00::/7"],
  ["fd00:0:1::/48", "fc00::/7"],
];

const ALLOWED = [
  "1.0.0.0",
  "9.255.255.255",
  "11.0.0.0",
  "100.63.255.255",
  "100.128.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "172.15.255.255",
  "172.32.0.0",
  "192.167.255.255",
  "192.169.0.0",
  "192.0.2.1",
  "198.51.100.0/24",
  "203.0.113.0/25",
  "198.18.0.1",
  "223.255.255.255",
  "240.0.0.1",
  "255.255.255.254",
  "::2",
  "::1:0",
  "fbff:ffff::1",
  "fe00::1",
  "fec0::1",
  "fe7f::1",
  "2001:db8::1",
  "2001:db8::/48",
];

/** A rule that protects networks, each under its own name. */
function guard(rule: ProtectionRule, ...texts: string[]): GuardedNetworks {
  const networks = texts.map((text): LabelledNetwork => ({
    network: address(text),
    label: text,
  }));
  return { rule, networks: new NetworkSet(networks) };
}

Deno.test("refusal() protects what nobody may ban, and names the rule", () => {
  for (const policy of [POLICY, OPEN]) {
    for (const [text, rule, because] of REFUSED) {
      deepStrictEqual(refusal(address(text), policy), { rule, because }, text);
    }
  }
});

Deno.test("refusal() lets everything else pass, right up to the edge of what is protected", () => {
  for (const text of ALLOWED) {
    strictEqual(refusal(address(text), POLICY), undefined, text);
  }
});

Deno.test("refusal() protects private addresses unless the policy allows to ban them", () => {
  for (const [text, because] of PRIVATE) {
    const refused = refusal(address(text), POLICY);
    deepStrictEqual(refused, { rule: "private", because }, text);
    strictEqual(refusal(address(text), OPEN), undefined, text);
  }
});

Deno.test("refusal() protects what the node guards, and prefixes that meet it, also where private addresses may be banned", () => {
  const guarded = [
    guard("own-address", "198.51.100.7", "2001:db8:1::7"),
    guard("gateway", "10.0.0.1"),
    guard("ignoreip", "203.0.113.64/26", "2001:db8:2::/64"),
  ];
  const policy = { ...OPEN, guarded };
  const cases = [
    ["198.51.100.7", "own-address", "198.51.100.7"],
    ["198.51.100.0/24", "own-address", "198.51.100.7"],
    ["198.51.100.6/31", "own-address", "198.51.100.7"],
    ["2001:db8:1::/48", "own-address", "2001:db8:1::7"],
    ["10.0.0.0/24", "gateway", "10.0.0.1"],
    ["203.0.113.64", "ignoreip", "203.0.113.64/26"],
    ["203.0.113.127", "ignoreip", "203.0.113.64/26"],
    ["203.0.113.0/24", "ignoreip", "203.0.113.64/26"],
    ["2001:db8:2::ffff", "ignoreip", "2001:db8:2::/64"],
  ] as const;
  for (const [text, rule, because] of cases) {
    deepStrictEqual(refusal(address(text), policy), { rule, because }, text);
  }
  const passing = [
    "198.51.100.6",
    "198.51.100.8",
    "198.51.100.8/29",
    "2001:db8:1::6",
    "10.0.0.2",
    "203.0.113.63",
    "203.0.113.128/25",
    "2001:db8:2:1::1",
  ];
  for (const text of passing) {
    strictEqual(refusal(address(text), policy), undefined, text);
  }
});

Deno.test("refusal() names the first rule that refuses: special, guarded in order, too wide, private", () => {
  const guarded = [
    guard("own-address", "10.0.0.7"),
    guard("member", "10.0.0.0/16"),
    guard("ignoreip", "127.0.0.0/8"),
  ];
  const cases = [
    ["127.0.0.1", "loopback"],
    ["10.0.0.7", "own-address"],
    ["10.0.0.0/9", "own-address"],
    ["10.0.0.8", "member"],
    ["10.64.0.0/10", "too-wide"],
    ["10.1.0.0", "private"],
  ] as const;
  for (const [text, rule] of cases) {
    const refused = refusal(address(text), { ...POLICY, guarded });
    strictEqual(refused?.rule, rule, text);
  }
});

Deno.test("refusal() looks into guarded networks once, also where the other rules are told anew for each address", () => {
  const office = guard("allowlist", "192.0.2.128/25");
  let looks = 0;
  const counted: GuardedNetworks = {
    rule: "allowlist",
    get networks() {
      looks++;
      return office.networks;
    },
  };
  const policy = { ...POLICY, guarded: [counted] };
  for (const rules of [policy, { ...policy, allowPrivate: true }]) {
    looks = 0;
    for (let minPrefix4Bits = 0; minPrefix4Bits < 32; minPrefix4Bits++) {
      const told = { ...rules, minPrefix4Bits };
      strictEqual(refusal(address("192.0.2.1"), told), undefined);
    }
    strictEqual(looks, 1);
    strictEqual(refusal(address("192.0.2.129"), rules)?.rule, "allowlist");
  }
});

Deno.test("refusal() takes the widest prefix from the policy, for each kind of address", () => {
  const loose = { minPrefix4Bits: 16, minPrefix6Bits: 32 };
  strictEqual(refusal(address("192.0.0.0/16"), loose), undefined);
  strictEqual(refusal(address("2001:db8::/32"), loose), undefined);
  deepStrictEqual(refusal(address("2001:db8::/31"), loose), {
    rule: "too-wide",
    because: "/32",
  });
  const strict = { minPrefix4Bits: 32, minPrefix6Bits: 128 };
  strictEqual(refusal(address("192.0.2.1"), strict), undefined);
  strictEqual(refusal(address("192.0.2.0/31"), strict)?.rule, "too-wide");
});

Deno.test("refusal() refuses every prefix that holds a protected address", () => {
  const protectedAddress = fc.constantFrom(
    "0.1.2.3",
    "127.0.0.1",
    "169.254.169.254",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "ff02::1",
  );
  fc.assert(fc.property(protectedAddress, fc.nat(128), (text, bits) => {
    const prefix = canonicalAddress(`${text}/${bits}`);
    fc.pre(prefix !== undefined);
    const all = { minPrefix4Bits: 0, minPrefix6Bits: 0, allowPrivate: true };
    strictEqual(refusal(address(prefix), all) === undefined, false, prefix);
  }));
});

Deno.test("refusal() refuses an IPv4 address exactly when its first octets are protected", () => {
  const isProtected = ([a = 0, b = 0, c = 0, d = 0]: readonly number[]) =>
    a === 0 || a === 127 || (a === 169 && b === 254) || (a >= 224 && a < 240) ||
    (a === 255 && b === 255 && c === 255 && d === 255);
  const octet = fc.oneof(fc.nat(255), fc.constantFrom(0, 127, 169, 254, 255));
  const octets = fc.tuple(octet, octet, octet, octet);
  fc.assert(
    fc.property(octets, (bytes) => {
      const parsed = address(bytes.join("."));
      deepStrictEqual(addressParts(parsed).base.toByteArray(), bytes);
      const refused = refusal(parsed, OPEN) !== undefined;
      strictEqual(refused, isProtected(bytes), parsed);
    }),
    { numRuns: 2_000 },
  );
});
