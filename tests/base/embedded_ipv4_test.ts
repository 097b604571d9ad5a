import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress } from "../../lib/base/address.ts";
import { addressSpan } from "../../lib/base/address_span.ts";
import { judgedSpans } from "../../lib/base/embedded_ipv4.ts";
import { NetworkSet } from "../../lib/base/network_set.ts";
import { refusal } from "../../lib/protection/protection_policy.ts";
import { address } from "../support/values/core_values.ts";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

type Octets = readonly [number, number, number, number];

const hex = (high: number, low: number) => ((high << 8) | low).toString(16);
const inverted = (octet: number) => octet ^ 0xff;

/** How each form writes 4 octets, in other words than the code under test. */
const FORMS: Readonly<Record<string, (octets: Octets) => string>> = {
  compatible: ([a, b, c, d]) => `::${hex(a, b)}:${hex(c, d)}`,
  translated: ([a, b, c, d]) => `::ffff:0:${hex(a, b)}:${hex(c, d)}`,
  nat64: ([a, b, c, d]) => `64:ff9b::${hex(a, b)}:${hex(c, d)}`,
  "own nat64, /96": ([a, b, c, d]) =>
    `64:ff9b:1:abcd::${hex(a, b)}:${hex(c, d)}`,
  "own nat64, /48": ([a, b, c, d]) =>
    `64:ff9b:1:${hex(a, b)}:${hex(0, c)}:${hex(d, 0)}::`,
  "own nat64, /56": ([a, b, c, d]) =>
    `64:ff9b:1:${hex(0, a)}:${hex(0, b)}:${hex(c, d)}::`,
  "own nat64, /64": ([a, b, c, d]) =>
    `64:ff9b:1:0:${hex(0, a)}:${hex(b, c)}:${hex(d, 0)}:0`,
  "6to4": ([a, b, c, d]) => `2002:${hex(a, b)}:${hex(c, d)}::1`,
  teredo: ([a, b, c, d]) =>
    `2001:0:4136:e378:8000:63bf:${hex(inverted(a), inverted(b))}:${
      hex(inverted(c), inverted(d))
    }`,
  isatap: ([a, b, c, d]) => `2001:db8::5efe:${hex(a, b)}:${hex(c, d)}`,
  "isatap, global": ([a, b, c, d]) =>
    `2001:db8::200:5efe:${hex(a, b)}:${hex(c, d)}`,
};

const octet = fc.nat({ max: 255 });
// What begins with 0 is no address.
const octets = fc.tuple(fc.integer({ min: 1, max: 255 }), octet, octet, octet);

function written(form: string, at: Octets) {
  const text = canonicalAddress(FORMS[form]?.(at) ?? "");
  ok(text !== undefined, form);
  return text;
}

for (const form of Object.keys(FORMS)) {
  Deno.test(`judgedSpans() finds the address inside: ${form}`, () => {
    fc.assert(fc.property(octets, (at) => {
      const inside = addressSpan(address(at.join(".")));
      const spans = judgedSpans(written(form, at)).slice(1);
      ok(
        spans.some(({ first, last }) =>
          first === inside.first && last === inside.last
        ),
        `${written(form, at)}: ${spans.length}`,
      );
    }));
  });

  Deno.test(`refusal() refuses what it refuses of the address inside, by protection and allowlist: ${form}`, () => {
    fc.assert(fc.property(octets, (at) => {
      const inside = address(at.join("."));
      const guarded = [{
        rule: "allowlist" as const,
        networks: new NetworkSet([{ network: inside, label: "allowed" }]),
      }];
      strictEqual(
        refusal(written(form, at), { ...POLICY, guarded }) === undefined,
        false,
      );
      if (refusal(inside, POLICY) === undefined) return;
      ok(refusal(written(form, at), POLICY) !== undefined);
    }));
  });
}

Deno.test("refusal() lets an embedded address be banned that may be banned itself", () => {
  for (const form of Object.keys(FORMS)) {
    strictEqual(
      refusal(written(form, [198, 51, 100, 7]), POLICY),
      undefined,
      form,
    );
  }
});

Deno.test("refusal() goes by the width inside, and by all that a prefix stands for", () => {
  const verdicts: readonly (readonly [string, string | undefined])[] = [
    ["64:ff9b::c633:6400/120", undefined],
    ["64:ff9b::c633:0/112", "too-wide /24"],
    ["64:ff9b::/96", "unspecified 0.0.0.0/8"],
    ["64:ff9b::7f00:0/120", "loopback 127.0.0.0/8"],
    ["2002:c633:6407::/48", undefined],
    ["2002:7f00:1::/48", "loopback 127.0.0.0/8"],
    ["2001:db8:0:1::/64", undefined],
    ["2001:db8::5efe:c633:0/112", "too-wide /24"],
  ];
  for (const [text, expected] of verdicts) {
    const refused = refusal(address(text), POLICY);
    const told = refused && `${refused.rule} ${refused.because}`;
    strictEqual(told, expected, text);
  }
});

Deno.test("judgedSpans() takes an ordinary address for itself only", () => {
  for (const text of ["192.0.2.1", "2001:db8::1", "2a00::/48", "fd00::1"]) {
    deepStrictEqual(judgedSpans(address(text)), [addressSpan(address(text))]);
  }
});
