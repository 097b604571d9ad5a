import fc from "fast-check";
import { strictEqual } from "node:assert/strict";
import { addressParts, isIpv4Address } from "../../lib/base/address.ts";
import {
  ipv4Number,
  ipv4Text,
  ipv6Text,
  prefixBitsOf,
  writeIpv6,
} from "../../lib/rows/address_bytes.ts";
import { anyAddress } from "../support/values/any_values.ts";
import { address } from "../support/values/core_values.ts";

Deno.test("an address is the same after it was bytes, and the bytes are those that the parser reads", () => {
  const bytes = new Uint8Array(24);
  fc.assert(
    fc.property(anyAddress, (address) => {
      const { base, prefixBits } = addressParts(address);
      strictEqual(prefixBitsOf(address), prefixBits);
      const expected = base.toByteArray().join();
      if (isIpv4Address(address)) {
        const value = ipv4Number(address);
        const octets = [value >>> 24, value >>> 16, value >>> 8, value];
        strictEqual(octets.map((octet) => octet & 255).join(), expected);
        strictEqual(ipv4Text(value, prefixBits), address);
      } else {
        bytes.fill(0xee);
        writeIpv6(address, bytes, 4);
        strictEqual(bytes.subarray(4, 20).join(), expected);
        strictEqual(bytes[3], 0xee);
        strictEqual(bytes[20], 0xee);
        strictEqual(ipv6Text(bytes, 4, prefixBits), address);
      }
    }),
    { numRuns: 3_000 },
  );
});

for (
  const text of [
    "::",
    "::/0",
    "::1",
    "1::",
    "1::/16",
    "::1:0:0:0",
    "0:0:1::",
    "1:0:0:1::",
    "1::1:0:0:1",
    "::1:0:0:1:1:1",
    "1:0:1:0:1:0:1:0",
    "::1:1:1:1:1:1",
    "1:1:1:1:1:1::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    "::fffe:0:0/95",
  ]
) {
  Deno.test(`ipv6Text() prints ${text} as the parser does`, () => {
    const bytes = new Uint8Array(16);
    const canonical = address(text);
    writeIpv6(canonical, bytes, 0);
    strictEqual(ipv6Text(bytes, 0, prefixBitsOf(canonical)), text);
  });
}
