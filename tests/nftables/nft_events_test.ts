import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { parseAddress } from "../../lib/base/address.ts";
import { TableChanges } from "../../lib/nftables/nft_events.ts";
import { NFT_TABLE } from "../../lib/nftables/nft_names.ts";
import {
  attribute,
  deletedElement,
  message,
} from "../support/memory/memory_firewall.ts";

const KEY = [203, 0, 113, 7];

function changesOf(...messages: Uint8Array[]): TableChanges {
  const changes = new TableChanges(NFT_TABLE);
  for (const each of messages) changes.take(each);
  return changes;
}

Deno.test("TableChanges leaves out what is done to other tables, whatever it is", () => {
  const others = changesOf(
    deletedElement("another", "banned4", KEY),
    message(0, attribute(1, [...new TextEncoder().encode("fail2ban_c"), 0])),
    message(15, []),
  );
  strictEqual(others.hasOthers, false);
  deepStrictEqual([...others.deleted], []);
  strictEqual(others.transactions, 1);
});

Deno.test("TableChanges reads several messages that come as one", () => {
  const first = deletedElement(NFT_TABLE, "banned4", KEY);
  const changes = changesOf(
    new Uint8Array([...first, ...message(15, []), ...message(15, [])]),
  );
  deepStrictEqual([...changes.deleted], ["203.0.113.7"]);
  strictEqual(changes.transactions, 2);
  strictEqual(changes.hasOthers, false);
});

const OTHERS: Readonly<Record<string, Uint8Array>> = {
  "a rule": message(6, attribute(1, [...new TextEncoder().encode(NFT_TABLE)])),
  "an element of a set that is not ours": deletedElement(NFT_TABLE, "own", KEY),
  "an element that is no address": deletedElement(NFT_TABLE, "banned4", [1, 2]),
  "host bits in a prefix": deletedElement(NFT_TABLE, "banned6_48", KEY),
  "a message of no table": message(6, []),
  "what is longer than it is": message(6, []).with(0, 99),
  "what is shorter than a message": message(6, []).with(0, 3),
  "an error": message(6, []).with(5, 0),
};

for (const [what, bytes] of Object.entries(OTHERS)) {
  Deno.test(`TableChanges takes ${what} for something else that was changed`, () => {
    const changes = changesOf(bytes);
    strictEqual(changes.hasOthers, true);
    deepStrictEqual([...changes.deleted], []);
  });
}

Deno.test("TableChanges reads any bytes, and names nothing but addresses", () => {
  for (let seed = 0; seed < 5_000; seed++) {
    const bytes = deletedElement(NFT_TABLE, "banned4", KEY);
    for (const step of [7_919, 104_729]) {
      const at = seed * step % bytes.length;
      bytes[at] = (bytes[at] ?? 0) ^ (1 + seed % 255);
    }
    for (const address of changesOf(bytes).deleted) {
      strictEqual(parseAddress(address), address);
    }
  }
});

Deno.test("TableChanges holds 50,000 addresses at most: above it there was something else", () => {
  const changes = new TableChanges(NFT_TABLE);
  for (let index = 0; index <= 50_000; index++) {
    const key = [10, index >> 16, index >> 8 & 255, index & 255];
    changes.take(deletedElement(NFT_TABLE, "banned4", key));
  }
  strictEqual(changes.deleted.size, 50_000);
  strictEqual(changes.hasOthers, true);
});
