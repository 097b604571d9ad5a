import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { FleetProtection } from "../../lib/protection/allowlist_protection.ts";
import { NetworkSet } from "../../lib/base/network_set.ts";
import {
  type ProtectionPolicy,
  refusal,
} from "../../lib/protection/protection_policy.ts";
import { address } from "../support/values/core_values.ts";

const OWN: ProtectionPolicy = {
  minPrefix4Bits: 24,
  minPrefix6Bits: 48,
  guarded: [{
    rule: "ignoreip",
    networks: new NetworkSet([
      { network: address("198.51.100.0/24"), label: "the office" },
    ]),
  }],
};

function list(...ignore: readonly string[]) {
  return { revision: ignore.length, ignore: ignore.map(address) };
}

function ruleFor(fleet: FleetProtection, text: string): string | undefined {
  return refusal(address(text), fleet.policy)?.rule;
}

Deno.test("FleetProtection refuses what is inside of a network on the list, is one, or is around one", () => {
  const fleet = new FleetProtection(() => OWN);
  fleet.take(list("192.0.2.128/25", "2001:db8:1::/64"));
  for (
    const [text, rule] of [
      ["192.0.2.129", "allowlist"],
      ["192.0.2.128/25", "allowlist"],
      ["192.0.2.0/24", "allowlist"],
      ["192.0.2.127", undefined],
      ["2001:db8:1::7", "allowlist"],
      ["2001:db8:1::/48", "allowlist"],
      ["2001:db8:2::7", undefined],
    ] as const
  ) strictEqual(ruleFor(fleet, text), rule, text);
});

Deno.test("FleetProtection keeps what the node protects by itself, and says so where both do", () => {
  const fleet = new FleetProtection(() => OWN);
  strictEqual(ruleFor(fleet, "198.51.100.7"), "ignoreip");
  fleet.take(list("198.51.100.7"));
  strictEqual(ruleFor(fleet, "198.51.100.7"), "ignoreip");
  fleet.take(list());
  strictEqual(ruleFor(fleet, "198.51.100.7"), "ignoreip");
  strictEqual(ruleFor(fleet, "127.0.0.1"), "loopback");
});

Deno.test("FleetProtection protects a private address of the list on a node that may ban those", () => {
  const own = { ...OWN, allowPrivate: true };
  const fleet = new FleetProtection(() => own);
  fleet.take(list("10.1.2.3"));
  strictEqual(ruleFor(fleet, "10.1.2.3"), "allowlist");
  strictEqual(ruleFor(fleet, "10.1.2.4"), undefined);
});

Deno.test("FleetProtection gives the same policy until the list or the node's own rules change", () => {
  let own = OWN;
  const fleet = new FleetProtection(() => own);
  const first = fleet.policy;
  strictEqual(fleet.policy, first);
  fleet.take(list("192.0.2.1"));
  const second = fleet.policy;
  ok(second !== first);
  strictEqual(fleet.policy, second);
  own = { ...OWN };
  ok(fleet.policy !== second);
  strictEqual(ruleFor(fleet, "192.0.2.1"), "allowlist");
});

Deno.test("FleetProtection covers what overlaps the list, and nothing else that is protected", () => {
  const fleet = new FleetProtection(() => OWN);
  strictEqual(fleet.covers(address("192.0.2.1")), false);
  fleet.take(list("192.0.2.0/24"));
  deepStrictEqual(
    ["192.0.2.1", "192.0.0.0/16", "198.51.100.7"].map((text) =>
      fleet.covers(address(text))
    ),
    [true, true, false],
  );
});
