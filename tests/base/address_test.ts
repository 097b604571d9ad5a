import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  addressParts,
  canonicalAddress,
  MAX_ADDRESS_LENGTH,
  parseAddress,
} from "../../lib/base/address.ts";
import { address } from "../support/values/core_values.ts";

const CANONICAL = [
  "0.0.0.0",
  "1.2.3.4",
  "192.0.2.1",
  "255.255.255.255",
  "192.0.2.0/24",
  "192.0.2.254/31",
  "0.0.0.0/0",
  "::",
  "::1",
  "1::",
  "2001:db8::1",
  "2001:db8:0:1:1:1:1:1",
  "2001:0:0:1::1",
  "2001:db8::1:0:0:1",
  "2001:db8:1:2:3:4:5:6",
  "2001:db8::/48",
  "2001:db8::2/127",
  "::/0",
  "::102:304",
  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127",
];

const NOT_CANONICAL: readonly (readonly [why: string, text: string])[] = [
  ["nothing", ""],
  ["one octet", "1"],
  ["two octets", "1.2"],
  ["three octets", "1.2.3"],
  ["five octets", "1.2.3.4.5"],
  ["an empty octet", "1..2.3"],
  ["a dot at the end", "1.2.3.4."],
  ["a leading zero", "010.0.0.1"],
  ["a leading zero at the end", "1.2.3.04"],
  ["hexadecimal", "0x7f.0.0.1"],
  ["a whole number", "2130706433"],
  ["an octet too large", "1.2.3.256"],
  ["an octet of four digits", "1.2.3.1000"],
  ["a sign", "1.2.3.+4"],
  ["a word behind", "1.2.3.4 x"],
  ["a command behind", "1.2.3.4 ; reboot"],
  ["a space before", " 1.2.3.4"],
  ["a line end behind", "1.2.3.4\n"],
  ["a carriage return behind", "1.2.3.4\r"],
  ["a NUL behind", "1.2.3.4\0"],
  ["Arabic digits", "\u0661.2.3.4"],
  ["a port", "1.2.3.4:22"],
  ["a name", "example.net"],
  ["an IPv4-mapped address", "::ffff:1.2.3.4"],
  ["an IPv4-mapped address in hexadecimal", "::ffff:102:304"],
  ["a prefix of IPv4-mapped addresses", "::ffff:1.2.3.0/120"],
  ["an embedded IPv4 address", "::1.2.3.4"],
  ["an embedded IPv4 address behind a prefix", "64:ff9b::1.2.3.4"],
  ["upper case", "2001:DB8::1"],
  ["one capital", "2001:db8::A"],
  ["a group with a leading zero", "2001:0db8::1"],
  ["a group of five digits", "2001:00db8::1"],
  ["no compression", "2001:db8:0:0:0:0:0:1"],
  ["compression of the shorter run", "2001::1:0:0:0:1"],
  ["compression of the later of two runs", "2001:db8:0:0:1::1"],
  ["compression of a single group", "2001:db8::1:1:1:1:1"],
  ["two compressions", "2001::1::1"],
  ["compression of nothing", "1:2:3:4::5:6:7:8"],
  ["three colons", "2001:::1"],
  ["a colon only", ":"],
  ["seven groups", "1:2:3:4:5:6:7"],
  ["nine groups", "1:2:3:4:5:6:7:8:9"],
  ["brackets", "[2001:db8::1]"],
  ["a zone", "fe80::1%eth0"],
  ["an empty zone", "fe80::1%"],
  ["a zone that is a command", "fe80::1%;reboot"],
  ["a zone before a prefix", "fe80::%eth0/64"],
  ["a letter that is no digit", "2001:db8::g"],
  ["host bits", "192.0.2.1/24"],
  ["one host bit", "192.0.2.255/31"],
  ["IPv6 host bits", "2001:db8::1/48"],
  ["a prefix of one address", "192.0.2.1/32"],
  ["an IPv6 prefix of one address", "2001:db8::1/128"],
  ["a prefix too long", "192.0.2.0/33"],
  ["an IPv6 prefix too long", "2001:db8::/129"],
  ["an empty prefix", "192.0.2.0/"],
  ["a prefix with a leading zero", "192.0.2.0/024"],
  ["a prefix of 00", "0.0.0.0/00"],
  ["a signed prefix", "192.0.2.0/+24"],
  ["a negative prefix", "192.0.2.0/-1"],
  ["a fraction", "192.0.2.0/24.0"],
  ["a netmask", "192.0.2.0/255.255.255.0"],
  ["two prefixes", "192.0.2.0/24/24"],
  ["a space before the prefix", "192.0.2.0 /24"],
  ["a space behind the prefix", "192.0.2.0/24 "],
  ["a prefix alone", "/24"],
  ["more than anything may have", "1.2.3.4".padEnd(100_000, "4")],
];

const SPELLINGS: readonly (readonly [written: string, canonical: string])[] = [
  ["192.0.2.7", "192.0.2.7"],
  ["::FFFF:192.0.2.7", "192.0.2.7"],
  ["::ffff:c000:207", "192.0.2.7"],
  ["0:0:0:0:0:ffff:192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.77/120", "192.0.2.0/24"],
  ["::ffff:192.0.2.7/128", "192.0.2.7"],
  ["192.0.2.77/24", "192.0.2.0/24"],
  ["192.0.2.7/32", "192.0.2.7"],
  ["192.0.2.255/31", "192.0.2.254/31"],
  ["255.255.255.255/0", "0.0.0.0/0"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:0db8::0001", "2001:db8::1"],
  ["2001:db8:ffff:ffff::/33", "2001:db8:8000::/33"],
  ["2001:db8::1/128", "2001:db8::1"],
  ["::1.2.3.4", "::102:304"],
  ["64:ff9b::192.0.2.7", "64:ff9b::c000:207"],
  ["1:2:3:4:5:6:255.255.0.1", "1:2:3:4:5:6:ffff:1"],
];

const NEVER_ADDRESSES = [
  `${"0".repeat(80)}::1`,
  `::${"0".repeat(80)}1/128`,
  "010.0.0.1",
  "::ffff:010.0.0.1",
  "::ffff:1.2.3.04",
  "::ffff:0x7f.0.0.1",
  "::ffff:1.2.3",
  "::ffff:1.2.3.256",
  "::1.2.3.4:5",
  "1.2.3.4::",
  "1:2:3:4:5:6:7:1.2.3.4",
  "::ffff:192.0.2.7/129",
];

Deno.test("parseAddress() takes canonical text as it is", () => {
  for (const text of CANONICAL) strictEqual(parseAddress(text), text);
});

for (const [why, text] of NOT_CANONICAL) {
  Deno.test(`parseAddress() refuses ${why}: ${JSON.stringify(text.slice(0, 40))}`, () => {
    strictEqual(parseAddress(text), undefined);
  });
}

Deno.test("canonicalAddress() gives every spelling of an address one name", () => {
  for (const [written, canonical] of SPELLINGS) {
    strictEqual(canonicalAddress(written), canonical, written);
  }
});

Deno.test("canonicalAddress() refuses what could be read in two ways, embedded in IPv6 too", () => {
  for (const text of NEVER_ADDRESSES) {
    strictEqual(canonicalAddress(text), undefined, text);
  }
});

Deno.test("canonicalAddress() refuses a prefix of IPv4-mapped addresses that is wider than IPv4", () => {
  strictEqual(canonicalAddress("::ffff:192.0.2.7/24"), undefined);
  strictEqual(canonicalAddress("::ffff:192.0.2.7/95"), undefined);
});

Deno.test("addressParts() takes an address and a prefix apart", () => {
  const parts = (text: string) => {
    const { base, prefixBits } = addressParts(address(text));
    return [base.kind(), base.toByteArray().slice(0, 4), prefixBits];
  };
  deepStrictEqual(parts("192.0.2.1"), ["ipv4", [192, 0, 2, 1], 32]);
  deepStrictEqual(parts("192.0.2.0/24"), ["ipv4", [192, 0, 2, 0], 24]);
  deepStrictEqual(parts("2001:db8::1"), ["ipv6", [0x20, 1, 0xd, 0xb8], 128]);
  deepStrictEqual(parts("2001:db8::/48"), ["ipv6", [0x20, 1, 0xd, 0xb8], 48]);
});

/** RFC 5952, written down a second time, so that the first has a witness. */
function renderIpv6(groups: readonly number[]): string {
  let runAt = -1;
  let runLength = 1;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === 0) end++;
    if (end - start > runLength) [runAt, runLength] = [start, end - start];
  }
  const hex = groups.map((group) => group.toString(16));
  if (runAt === -1) return hex.join(":");
  const head = hex.slice(0, runAt).join(":");
  return `${head}::${hex.slice(runAt + runLength).join(":")}`;
}

const octets = fc.tuple(...Array(4).fill(fc.nat(255)));
const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
const ipv6Groups = fc.array(group, { minLength: 8, maxLength: 8 })
  .filter((groups) =>
    groups.slice(0, 5).some((value) => value !== 0) || groups[5] !== 0xffff
  );
const alike = fc.string({
  unit: fc.constantFrom(..."0123456789abcdefABCDEF.:/%x \n"),
  maxLength: 50,
});

Deno.test("parseAddress() takes every IPv4 address", () => {
  fc.assert(fc.property(octets, (bytes) => {
    const text = bytes.join(".");
    strictEqual(parseAddress(text), text);
    strictEqual(canonicalAddress(text), text);
  }));
});

Deno.test("parseAddress() takes every IPv6 address that is not IPv4-mapped", () => {
  fc.assert(
    fc.property(ipv6Groups, (groups) => {
      const text = renderIpv6(groups);
      strictEqual(parseAddress(text), text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("canonicalAddress() compresses IPv6 as RFC 5952 does", () => {
  fc.assert(
    fc.property(ipv6Groups, (groups) => {
      const written = groups.map((value) =>
        value.toString(16).padStart(4, "0").toUpperCase()
      ).join(":");
      strictEqual(canonicalAddress(written), renderIpv6(groups));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("parseAddress() takes the prefixes that canonicalAddress() gives, of every length", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.record({ text: octets.map((it) => it.join(".")), bits: fc.nat(32) }),
        fc.record({ text: ipv6Groups.map(renderIpv6), bits: fc.nat(128) }),
      ),
      ({ text, bits }) => {
        const canonical = canonicalAddress(`${text}/${bits}`);
        const parsed = parseAddress(canonical ?? "");
        strictEqual(parsed, canonical);
        strictEqual(parsed === undefined, false);
        strictEqual(addressParts(address(canonical ?? "")).prefixBits, bits);
      },
    ),
    { numRuns: 2_000 },
  );
});

Deno.test("canonicalAddress() is idempotent, and no text makes it throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), alike),
      (text) => {
        const canonical = canonicalAddress(text);
        if (canonical === undefined) {
          strictEqual(parseAddress(text), undefined);
          return;
        }
        strictEqual(canonicalAddress(canonical), canonical);
        strictEqual(parseAddress(canonical), canonical);
        strictEqual(canonical.length <= MAX_ADDRESS_LENGTH, true);
      },
    ),
    { numRuns: 5_000 },
  );
});
