import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  FLEET_LIST_FORM,
  fleetListAt,
  NOBODY_ALLOWED,
} from "../../lib/protection/allowlist.ts";
import type { AllowedNetwork } from "../../lib/members/member.ts";
import { anyAddress } from "../support/values/any_values.ts";
import { address } from "../support/values/core_values.ts";

function allowed(network: string, untilMs: number | null = null) {
  const entry: AllowedNetwork = {
    network: address(network),
    untilMs,
    note: "",
    addedMs: 0,
  };
  return entry;
}

Deno.test("fleetListAt() leaves out what is over, at the moment that it is", () => {
  const entries = [
    allowed("192.0.2.0/24"),
    allowed("2001:db8::1", 5_000),
    allowed("198.51.100.7", 4_000),
  ];
  const at = (nowMs: number) => fleetListAt(entries, nowMs).ignore;
  deepStrictEqual(at(3_999), ["192.0.2.0/24", "198.51.100.7", "2001:db8::1"]);
  deepStrictEqual(at(4_000), ["192.0.2.0/24", "2001:db8::1"]);
  deepStrictEqual(at(5_000), ["192.0.2.0/24"]);
});

Deno.test("fleetListAt() names a list by what is on it: in any order, with any notes, and nobody by 0", () => {
  const left = fleetListAt([allowed("192.0.2.1"), allowed("192.0.2.2")], 0);
  const again = { ...allowed("192.0.2.1", 9_000), note: "again" };
  const right = fleetListAt([allowed("192.0.2.2"), again], 0);
  deepStrictEqual(left, right);
  deepStrictEqual(fleetListAt([allowed("192.0.2.1", 1)], 1), NOBODY_ALLOWED);
});

Deno.test("fleetListAt() gives another revision to another list", () => {
  const anyList = fc.uniqueArray(anyAddress, { maxLength: 4 });
  fc.assert(fc.property(anyList, anyList, (left, right) => {
    const [one, other] = [left, right].map((networks) =>
      fleetListAt(networks.map((network) => allowed(network)), 0)
    );
    const areSame = one?.ignore.join() === other?.ignore.join();
    strictEqual(one?.revision === other?.revision, areSame);
  }));
});

Deno.test("a stored allowlist is read as it was written, and nothing else is", () => {
  const list = fleetListAt([allowed("192.0.2.0/24")], 0);
  const text = FLEET_LIST_FORM.encode(list);
  deepStrictEqual(FLEET_LIST_FORM.decode(text), list);
  const bad = [
    "",
    "{}",
    text.replace("192.0.2.0/24", "192.0.2.1/24"),
    text.replace('"ignore"', '"ignored"'),
    text.replace('"version": 1', '"version": 2'),
    text.replace(/"revision": \d+/, '"revision": -1'),
    text.trimEnd(),
  ];
  for (const damaged of bad) {
    throws(() => FLEET_LIST_FORM.decode(damaged), RuntimeError, damaged);
  }
});
