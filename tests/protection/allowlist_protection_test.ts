import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { AllowlistProtection } from "../../lib/protection/allowlist_protection.ts";
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

function ruleFor(
  allowlist: AllowlistProtection,
  text: string,
): string | undefined {
  return refusal(address(text), allowlist.policy)?.rule;
}

Deno.test("AllowlistProtection refuses what is inside of a network on the list, is one, or is around one", () => {
  const allowlist = new AllowlistProtection(() => OWN);
  allowlist.replace(list("192.0.2.128/25", "2001:db8:1::/64"));
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
  ) strictEqual(ruleFor(allowlist, text), rule, text);
});

Deno.test("AllowlistProtection keeps what the node protects by itself, and says so where both do", () => {
  const allowlist = new AllowlistProtection(() => OWN);
  strictEqual(ruleFor(allowlist, "198.51.100.7"), "ignoreip");
  allowlist.replace(list("198.51.100.7"));
  strictEqual(ruleFor(allowlist, "198.51.100.7"), "ignoreip");
  allowlist.replace(list());
  strictEqual(ruleFor(allowlist, "198.51.100.7"), "ignoreip");
  strictEqual(ruleFor(allowlist, "127.0.0.1"), "loopback");
});

Deno.test("AllowlistProtection protects a private address of the list on a node that may ban those", () => {
  const own = { ...OWN, allowPrivate: true };
  const allowlist = new AllowlistProtection(() => own);
  allowlist.replace(list("10.1.2.3"));
  strictEqual(ruleFor(allowlist, "10.1.2.3"), "allowlist");
  strictEqual(ruleFor(allowlist, "10.1.2.4"), undefined);
});

Deno.test("AllowlistProtection gives the same policy until the list or the node's own rules change", () => {
  let own = OWN;
  const allowlist = new AllowlistProtection(() => own);
  const first = allowlist.policy;
  strictEqual(allowlist.policy, first);
  allowlist.replace(list("192.0.2.1"));
  const second = allowlist.policy;
  ok(second !== first);
  strictEqual(allowlist.policy, second);
  own = { ...OWN };
  ok(allowlist.policy !== second);
  strictEqual(ruleFor(allowlist, "192.0.2.1"), "allowlist");
});

Deno.test("AllowlistProtection covers what overlaps the list, and nothing else that is protected", () => {
  const allowlist = new AllowlistProtection(() => OWN);
  strictEqual(allowlist.covers(address("192.0.2.1")), false);
  allowlist.replace(list("192.0.2.0/24"));
  deepStrictEqual(
    ["192.0.2.1", "192.0.0.0/16", "198.51.100.7"].map((text) =>
      allowlist.covers(address(text))
    ),
    [true, true, false],
  );
});
