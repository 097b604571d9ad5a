import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { addressParts, canonicalAddress } from "../lib/address.ts";
import { refusal } from "../lib/protection.ts";
import { address } from "./support/core_values.ts";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

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
];

const ALLOWED = [
  "1.0.0.0",
  "126.255.255.255",
  "128.0.0.1",
  "169.253.255.255",
  "169.255.0.0",
  "223.255.255.255",
  "240.0.0.1",
  "255.255.255.254",
  "10.0.0.1",
  "192.168.1.1",
  "192.0.2.1",
  "198.51.100.0/24",
  "203.0.113.0/25",
  "198.18.0.1",
  "::2",
  "::1:0",
  "fec0::1",
  "fe7f::1",
  "fd00::1",
  "2001:db8::1",
  "2001:db8::/48",
];

Deno.test("refusal() protects what nobody may ban, and names the rule", () => {
  for (const [text, rule, because] of REFUSED) {
    deepStrictEqual(refusal(address(text), POLICY), { rule, because }, text);
  }
});

Deno.test("refusal() lets everything else pass, right up to the edge of what is protected", () => {
  for (const text of ALLOWED) {
    strictEqual(refusal(address(text), POLICY), undefined, text);
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
    const all = { minPrefix4Bits: 0, minPrefix6Bits: 0 };
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
      const refused = refusal(parsed, POLICY) !== undefined;
      strictEqual(refused, isProtected(bytes), parsed);
    }),
    { numRuns: 2_000 },
  );
});
