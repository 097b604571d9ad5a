import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { IgnoredAddresses, partIgnored } from "../../lib/fail2ban/ignoreip.ts";
import { address } from "../support/values/core_values.ts";

/** An entry of ignoreip, an address, and whether the entry forbids its ban. */
const CASES: readonly (readonly [string, string, boolean])[] = [
  ["192.0.2.1", "192.0.2.1", true],
  ["192.0.2.1", "192.0.2.2", false],
  ["192.0.2.0/24", "192.0.2.255", true],
  ["192.0.2.0/24", "192.0.3.0", false],
  ["192.0.2.128/25", "192.0.2.127", false],
  // A prefix that is banned concerns everybody in it.
  ["192.0.2.1", "192.0.2.0/24", true],
  ["192.0.2.1", "192.0.3.0/24", false],
  ["192.0.2.0/25", "192.0.2.0/24", true],
  ["192.0.2.0/25", "192.0.2.128/25", false],
  ["2001:db8::/32", "2001:db8:1::1", true],
  ["2001:db8::/32", "2001:db9::1", false],
  ["2001:DB8::1", "2001:db8::1", true],
  ["::1", "::1", true],
  ["::ffff:192.0.2.1", "192.0.2.1", true],
  ["192.0.2.77/24", "192.0.2.1", true],
  // Of the other kind.
  ["0.0.0.0/0", "2001:db8::1", false],
  ["::/0", "192.0.2.1", false],
  // fail2ban prints 0.0.0.0/0 and ::/0 so.
  ["0.0.0.0", "192.0.2.1", true],
  ["::", "2001:db8::1", true],
  ["::", "192.0.2.1", false],
  // What these stand for, others are asked.
  ["localhost", "127.0.0.1", false],
  ["host.example", "192.0.2.1", false],
  ["file:/etc/ignored", "192.0.2.1", false],
  ["", "192.0.2.1", false],
  ["192.0.2.1x", "192.0.2.1", false],
];

for (const [entry, banned, isForbidden] of CASES) {
  Deno.test(`ignoreip ${entry} ${isForbidden ? "forbids" : "does not forbid"} the ban of ${banned}`, () => {
    const { networks } = partIgnored(["198.51.100.1", entry]);
    const ignored = new IgnoredAddresses(networks);
    strictEqual(ignored.concerns(address(banned)), isForbidden);
  });
}

Deno.test("an empty ignoreip forbids nothing", () => {
  strictEqual(new IgnoredAddresses([]).concerns(address("192.0.2.1")), false);
});

Deno.test("partIgnored() tells addresses from what is none", () => {
  const { networks, others } = partIgnored([
    "localhost",
    "192.0.2.1",
    "file:/etc/ignored",
  ]);
  deepStrictEqual(networks.map(({ network }) => network), ["192.0.2.1"]);
  deepStrictEqual(others, ["localhost", "file:/etc/ignored"]);
});
