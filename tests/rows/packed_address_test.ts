import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { addressParts, canonicalAddress } from "../../lib/base/address.ts";
import { ipv6Form, PackedAddress } from "../../lib/rows/packed_address.ts";

/** Groups of which many are 0, so that there are several runs of zeros. */
const anyGroups = fc.array(
  fc.oneof(fc.constant(0), fc.constant(0), fc.integer({ min: 0, max: 0xffff })),
  { minLength: 8, maxLength: 8 },
).map((groups) => groups.map((group) => group.toString(16)).join(":"));

const anyText = fc.oneof(
  fc.ipV4(),
  fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(([base, bits]) =>
    `${base}/${bits}`
  ),
  fc.ipV6(),
  anyGroups,
  fc.tuple(anyGroups, fc.integer({ min: 0, max: 128 })).map(([base, bits]) =>
    `${base}/${bits}`
  ),
);

Deno.test("PackedAddress gives back the text of every address and prefix", () => {
  const packed = new PackedAddress();
  fc.assert(
    fc.property(anyText, (text) => {
      const address = canonicalAddress(text);
      if (address === undefined) return;
      packed.read(address);
      strictEqual(packed.address(), address);
      strictEqual(packed.isIpv4, !address.includes(":"));
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("PackedAddress has the same numbers for the same address only", () => {
  const packed = new PackedAddress();
  const texts = [
    ...["0.0.0.0", "0.0.0.0/0", "255.255.255.255", "10.0.0.0/8", "10.0.0.0"],
    ...["::", "::/0", "::1", "1::", "1::1", "::1:0:0:1:1:1", "0:0:1::/48"],
    ...["ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db8::/127"],
    ...["2001:db8::", "1:0:1:0:1:0:1:0", "1:0:0:1::", "1::1:0:0:1", "::a00:0"],
  ];
  const seen = new Map<string, string>();
  for (const text of texts) {
    const address = canonicalAddress(text);
    ok(address, text);
    packed.read(address);
    strictEqual(packed.address(), address);
    const numbers = `${packed.form} ${packed.words.join(" ")}`;
    strictEqual(seen.get(numbers) ?? address, address);
    seen.set(numbers, address);
  }
});

Deno.test("PackedAddress prints every pattern of zeros as the parser does", () => {
  const packed = new PackedAddress();
  for (let pattern = 0; pattern < 3 ** 8; pattern++) {
    const groups = Array.from(
      { length: 8 },
      (_, at) => ["0", "1", "ffff"][Math.floor(pattern / 3 ** at) % 3],
    );
    const address = canonicalAddress(groups.join(":"));
    // What stands for an address of IPv4 is one.
    if (address === undefined || !address.includes(":")) continue;
    packed.read(address);
    strictEqual(packed.address(), address);
  }
});

Deno.test("PackedAddress has the bits that the parser reads", () => {
  const packed = new PackedAddress();
  fc.assert(
    fc.property(anyText, (text) => {
      const address = canonicalAddress(text);
      if (address === undefined) return;
      packed.read(address);
      const { base, prefixBits } = addressParts(address);
      const words = packed.isIpv4 ? packed.words.slice(0, 1) : packed.words;
      const bytes = [...words].flatMap((word) =>
        [24, 16, 8, 0].map((shift) => word >>> shift & 255)
      );
      strictEqual(bytes.join(), base.toByteArray().join());
      const form = packed.isIpv4 ? prefixBits : ipv6Form(prefixBits);
      strictEqual(packed.form, form);
    }),
    { numRuns: 3_000 },
  );
});
