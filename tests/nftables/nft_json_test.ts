import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { canonicalAddress, parseAddress } from "../../lib/base/address.ts";
import { JsonBytes, jsonName } from "../../lib/nftables/nft_json.ts";
import { parseNftListing } from "../../lib/nftables/nft_listing.ts";
import { nftSetParts, parseNftSet } from "../../lib/nftables/nft_names.ts";

const NOW_MS = 1_000_000;

function jsonOf(text: string): JsonBytes {
  return new JsonBytes(new TextEncoder().encode(text));
}

/** What the runtime's own parser makes of a listing: each set that is ours, and what is in it. */
function reference(text: string) {
  const { nftables } = JSON.parse(text) as {
    nftables: { set?: { name: string; elem?: readonly unknown[] } }[];
  };
  return nftables.flatMap(({ set: listed }) => {
    const set = listed && parseNftSet(listed.name);
    if (set === undefined) return [];
    const { family, prefixBits } = nftSetParts(set);
    const bans = (listed?.elem ?? []).flatMap((element) => {
      const { val, expires } = typeof element === "string"
        ? { val: element }
        : (element as { elem: { val: string; expires?: number } }).elem;
      const suffix = prefixBits === undefined ? "" : `/${prefixBits}`;
      const ipv6 = family === 6 ? canonicalAddress(val) : undefined;
      const address = parseAddress(val + suffix) ??
        (ipv6?.includes(":") ? ipv6 : undefined);
      const expiresMs = expires === undefined
        ? Infinity
        : NOW_MS + expires * 1_000;
      return address === undefined
        ? []
        : [{ jail: "fail2bancluster", address, expiresMs }];
    });
    return [{ set, bans }];
  });
}

const VALUE = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom("192.0.2.0", "2001:db8::", "010.0.0.1", "1.2.3", "", '"\\'),
  fc.string({ maxLength: 9 }),
);
const MORE = fc.dictionary(
  fc.string({ maxLength: 5 }).filter((name) =>
    !["elem", "val", "expires", "name", "__proto__"].includes(name)
  ),
  fc.jsonValue(),
  { maxKeys: 2 },
);
const EXPIRES = fc.oneof(fc.nat(), fc.constantFrom(0, 1.5, 1e21));
const ELEMENT = fc.oneof(
  VALUE,
  fc.tuple(MORE, VALUE, EXPIRES, MORE).map(([before, val, expires, after]) => ({
    elem: { ...before, val, timeout: 300, expires, ...after },
  })),
  fc.tuple(VALUE, MORE).map(([val, more]) => ({ elem: { val, ...more } })),
);
const SET = fc.tuple(
  MORE,
  fc.constantFrom("banned4", "banned6", "banned4_24", "banned4_part7", "mine"),
  fc.array(ELEMENT, { maxLength: 4 }),
  fc.boolean(),
).map(([more, name, elem, isNameLast]) => ({
  set: isNameLast ? { ...more, elem, name } : { name, ...more, elem },
}));
const LISTING = fc.array(fc.oneof(SET, MORE.map((chain) => ({ chain }))), {
  maxLength: 4,
});
const INDENT = fc.constantFrom(undefined, 1, "\t", "\r\n");

Deno.test("parseNftListing() reads what the runtime's own parser reads, however it is written", () => {
  fc.assert(
    fc.property(LISTING, INDENT, (nftables, indent) => {
      const text = JSON.stringify({ a: [{}], nftables, z: null }, null, indent);
      deepStrictEqual(
        parseNftListing(new TextEncoder().encode(text), NOW_MS),
        reference(text),
      );
    }),
    { numRuns: 300 },
  );
});

Deno.test("parseNftListing() refuses a listing that is cut, wherever it is", () => {
  const elem = ["192.0.2.1", { elem: { val: "192.0.2.2", expires: 7 } }];
  const text = JSON.stringify({
    nftables: [{ set: { name: "banned4", flags: ["timeout"], elem } }],
  });
  const bytes = new TextEncoder().encode(text);
  strictEqual(parseNftListing(bytes, NOW_MS)[0]?.bans.length, 2);
  for (let length = 0; length < bytes.length; length++) {
    const cut = bytes.subarray(0, length);
    throws(() => parseNftListing(cut, NOW_MS), SyntaxError, `${length}`);
  }
});

for (
  const [text, number] of [
    ["0", 0],
    [" 17 ", 17],
    ["-3", -3],
    ["2.5e2", 250],
    ["9007199254740991", 9_007_199_254_740_991],
  ] as const
) {
  Deno.test(`JsonBytes reads ${text} as a number`, () => {
    const json = jsonOf(text);
    strictEqual(json.number(), number);
    json.end();
  });
}

for (const text of ["", "true", '"7"', "1x", "[1]", "-"]) {
  Deno.test(`JsonBytes takes ${JSON.stringify(text)} for no number`, () => {
    throws(() => jsonOf(text).number(), SyntaxError);
  });
}

Deno.test("JsonBytes knows a name that is written with escapes", () => {
  const json = jsonOf('{"v\\u0061l": 1}');
  json.members((name) => {
    strictEqual(json.is(name, jsonName("val")), true);
    strictEqual(json.is(name, jsonName("v\\u0061l")), false);
    json.pass();
  });
});

Deno.test("JsonBytes takes for an IPv4 address what is one in its canonical form", () => {
  const octet = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map(String),
    fc.constantFrom("", "00", "01", "0x1"),
  );
  const texts = fc.array(octet, { minLength: 3, maxLength: 5 })
    .map((octets) => octets.join("."));
  fc.assert(fc.property(texts, (text) => {
    const json = jsonOf(JSON.stringify(text));
    strictEqual(json.ipv4Of(json.text()), parseAddress(text));
  }));
});
