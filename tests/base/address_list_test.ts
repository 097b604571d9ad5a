import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  type AddressList,
  parseAddressList,
} from "../../lib/base/address_list.ts";
import { anyAddress } from "../support/values/any_values.ts";

/** What each entry is: `=` a network, `?` a name that has to be looked up. */
function brief(list: AddressList | undefined): readonly string[] | undefined {
  return list?.map((entry) =>
    entry.kind === "network" ? `=${entry.network}` : `?${entry.name}`
  );
}

Deno.test("parseAddressList() reads entries between spaces, commas and lines, in order", () => {
  const expected = ["=192.0.2.1", "=2001:db8::/48", "?db_1.example.net"];
  const texts = [
    "192.0.2.1 2001:db8::/48 db_1.example.net",
    "192.0.2.1,2001:db8::/48,db_1.example.net",
    "192.0.2.1\n2001:db8::/48\ndb_1.example.net",
    " ,192.0.2.1,\t 2001:db8::/48 ,\n,db_1.example.net,\n",
  ];
  for (const text of texts) {
    deepStrictEqual(brief(parseAddressList(text)), expected);
  }
});

Deno.test("parseAddressList() reads an empty list from text without entries", () => {
  for (const text of ["", " ", ",", "\n \t,\n"]) {
    deepStrictEqual(parseAddressList(text), [], JSON.stringify(text));
  }
});

Deno.test("parseAddressList() makes addresses canonical that are written as people write them", () => {
  const text = "127.0.0.1/8 2001:DB8:0::1 ::ffff:192.0.2.7 192.0.2.77/24 ::/0";
  deepStrictEqual(brief(parseAddressList(text)), [
    "=127.0.0.0/8",
    "=2001:db8::1",
    "=192.0.2.7",
    "=192.0.2.0/24",
    "=::/0",
  ]);
});

Deno.test("parseAddressList() takes words that are no addresses for names, and none that a resolver takes for an address", () => {
  for (
    const name of ["localhost", "1.example", "a1", "xn--bcher-kva.example"]
  ) {
    deepStrictEqual(brief(parseAddressList(name)), [`?${name}`]);
  }
  const refused = [
    "1",
    "10.1",
    "10.0.0",
    "192.0.2.256",
    "192.0.2.1.5",
    "010.0.0.1",
    "0x7f.1",
    "0x7f000001",
    "a.0x",
    "example.5",
  ];
  for (const text of refused) {
    strictEqual(parseAddressList(text), undefined, text);
  }
});

Deno.test("parseAddressList() refuses the whole list for one bad entry", () => {
  const bad = [
    "192.0.2.0/33",
    "192.0.2.0/",
    "192.0.2.0/255.255.255.0",
    "2001:db8::/129",
    "2001:db8",
    "fe80::1%eth0",
    "example.net/24",
    "-a.example",
    "a..example",
    "*.example.net",
    "example.net.",
    "http://example.net",
    "$(reboot)",
    "192.0.2.1;",
    "b\u00fccher.example",
  ];
  for (const text of bad) {
    strictEqual(parseAddressList(text), undefined, text);
    strictEqual(parseAddressList(`192.0.2.1 ${text}`), undefined, text);
  }
});

Deno.test("parseAddressList() takes a hundred thousand networks and a thousand names, and not one more", () => {
  const many = (count: number, word: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => word(index)).join("\n");
  const network = (index: number) => `198.18.${index % 250}.1`;
  strictEqual(parseAddressList(many(100_000, network))?.length, 100_000);
  strictEqual(parseAddressList(many(100_001, network)), undefined);
  const name = (index: number) => `host${index}.example`;
  strictEqual(parseAddressList(many(1_000, name))?.length, 1_000);
  strictEqual(parseAddressList(many(1_001, name)), undefined);
});

Deno.test("parseAddressList() reads back whatever canonical addresses were written", () => {
  fc.assert(
    fc.property(fc.array(anyAddress), fc.constantFrom(" ", ", ", "\n"), (
      addresses,
      separator,
    ) => {
      deepStrictEqual(
        brief(parseAddressList(addresses.join(separator))),
        addresses.map((address) => `=${address}`),
      );
    }),
  );
});
