import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  ALLOWLIST_FORM,
  allowlistAt,
  EMPTY_ALLOWLIST,
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

Deno.test("allowlistAt() leaves out what is over, at the moment that it is", () => {
  const entries = [
    allowed("192.0.2.0/24"),
    allowed("2001:db8::1", 5_000),
    allowed("198.51.100.7", 4_000),
  ];
  const at = (nowMs: number) => allowlistAt(entries, nowMs).ignore;
  deepStrictEqual(at(3_999), ["192.0.2.0/24", "198.51.100.7", "2001:db8::1"]);
  deepStrictEqual(at(4_000), ["192.0.2.0/24", "2001:db8::1"]);
  deepStrictEqual(at(5_000), ["192.0.2.0/24"]);
});

Deno.test("allowlistAt() names a list by what is on it: in any order, with any notes, and nobody by 0", () => {
  const left = allowlistAt([allowed("192.0.2.1"), allowed("192.0.2.2")], 0);
  const again = { ...allowed("192.0.2.1", 9_000), note: "again" };
  const right = allowlistAt([allowed("192.0.2.2"), again], 0);
  deepStrictEqual(left, right);
  deepStrictEqual(allowlistAt([allowed("192.0.2.1", 1)], 1), EMPTY_ALLOWLIST);
});

Deno.test("allowlistAt() gives another revision to another list", () => {
  const anyList = fc.uniqueArray(anyAddress, { maxLength: 4 });
  fc.assert(fc.property(anyList, anyList, (left, right) => {
    const [one, other] = [left, right].map((networks) =>
      allowlistAt(networks.map((network) => allowed(network)), 0)
    );
    const areSame = one?.ignore.join() === other?.ignore.join();
    strictEqual(one?.revision === other?.revision, areSame);
  }));
});

Deno.test("a stored allowlist is read as it was written, and nothing else is", () => {
  const list = allowlistAt([allowed("192.0.2.0/24")], 0);
  const text = ALLOWLIST_FORM.encode(list);
  deepStrictEqual(ALLOWLIST_FORM.decode(text), list);
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
    throws(() => ALLOWLIST_FORM.decode(damaged), RuntimeError, damaged);
  }
});
