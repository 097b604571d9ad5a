import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { type Address, canonicalAddress } from "../../lib/base/address.ts";
import {
  addressSpan,
  aggregated,
  compareSpans,
  finished,
  ipv4Key,
  ipv4Of,
  sorting,
  sortingNumbers,
} from "../../lib/base/address_span.ts";
import { address } from "../support/values/core_values.ts";

/** Networks that are often neighbours, in a corner of each family. */
const anyNetwork = fc.tuple(
  fc.boolean(),
  fc.nat(255),
  fc.integer({ min: 24, max: 32 }),
).map(([isIpv4, last, bits]): Address => {
  const text = isIpv4
    ? `255.255.255.${last}/${bits}`
    : `ffff:ffff:ffff:ffff:ffff:ffff:ffff:ff${
      last.toString(16).padStart(2, "0")
    }/${bits + 96}`;
  const network = canonicalAddress(text);
  if (network === undefined) throw new TypeError(text);
  return network;
});

/** The addresses of networks, each by its family and its last octet. */
function addressesOf(networks: readonly Address[]): string[] {
  const all = new Set<string>();
  for (const network of networks) {
    const { isIpv4, first, last } = addressSpan(network);
    for (let each = first; each <= last; each++) all.add(`${isIpv4} ${each}`);
  }
  return [...all].sort();
}

Deno.test("aggregated() has exactly the same addresses, in the fewest networks", () => {
  fc.assert(
    fc.property(fc.array(anyNetwork, { maxLength: 40 }), (networks) => {
      const fewest = aggregated(networks);
      deepStrictEqual(addressesOf(fewest), addressesOf(networks));
      for (const [at, network] of fewest.entries()) {
        strictEqual(canonicalAddress(network), network);
        const next = fewest[at + 1];
        if (next === undefined) continue;
        // No two of them are the halves of a wider one, and none meets another.
        const [left, right] = [addressSpan(network), addressSpan(next)];
        if (left.isIpv4 !== right.isIpv4) continue;
        ok(left.last < right.first, `${network} ${next}`);
        const areHalves = left.prefixBits === right.prefixBits &&
          left.last + 1n === right.first &&
          (left.first &
              (1n << BigInt((left.isIpv4 ? 32 : 128) - left.prefixBits))) ===
            0n;
        ok(!areHalves, `${network} ${next}`);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("aggregated() joins all there is, and leaves nothing out of nothing", () => {
  deepStrictEqual(aggregated([]), []);
  deepStrictEqual(
    aggregated(["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"].map(address)),
    ["0.0.0.0/0", "::/0"],
  );
  deepStrictEqual(
    aggregated(["2001:db8::1", "192.0.2.1", "192.0.2.0/31"].map(address)),
    ["192.0.2.0/31", "2001:db8::1"],
  );
});

Deno.test("ipv4Key() is an address or prefix as a number, which sorts as spans do", () => {
  const anyIpv4 = fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map(
    ([text, bits]) => {
      const network = canonicalAddress(`${text}/${bits}`);
      if (network === undefined) throw new TypeError(text);
      return network;
    },
  );
  fc.assert(fc.property(anyIpv4, anyIpv4, (one, other) => {
    strictEqual(ipv4Of(ipv4Key(one)), one);
    strictEqual(
      Math.sign(ipv4Key(one) - ipv4Key(other)),
      Math.sign(compareSpans(addressSpan(one), addressSpan(other))),
    );
    const { first, last, prefixBits, isIpv4 } = addressSpan(one);
    const [base = "", bits = "32"] = one.split("/");
    const number = base.split(".").reduce(
      (sum, octet) => sum * 256n + BigInt(octet),
      0n,
    );
    deepStrictEqual(
      { first, last, prefixBits, isIpv4 },
      {
        first: number,
        last: number + 2n ** (32n - BigInt(bits)) - 1n,
        prefixBits: Number(bits),
        isIpv4: true,
      },
    );
  }));
});

Deno.test("sorting() and sortingNumbers() sort as Array.sort does, in many steps", () => {
  const many = { maxLength: 5_000, size: "max" } as const;
  fc.assert(
    fc.property(fc.array(fc.integer(), many), (numbers) => {
      const sorted = numbers.toSorted((left, right) => left - right);
      deepStrictEqual([...finished(sortingNumbers(numbers))], sorted);
      const items = numbers.map((number, at) => ({ key: number & 7, at }));
      deepStrictEqual(
        finished(sorting(items, (left, right) => left.key - right.key)),
        items.toSorted((left, right) => left.key - right.key),
      );
    }),
    { numRuns: 20 },
  );
  const steps = sortingNumbers(Array.from({ length: 20_000 }, () => 7));
  let count = 0;
  while (steps.next().done !== true) count++;
  ok(count > 50, `${count}`);
});
