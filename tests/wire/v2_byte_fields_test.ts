import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { FieldWriter, NameReader } from "../../lib/wire/v2_byte_fields.ts";
import { ByteReader } from "../../lib/wire/v2_bytes.ts";
import { RECEIPTS_BODY } from "../../lib/wire/v2_receipt_block.ts";
import { parseSessionId } from "../../lib/wire/v2_ids.ts";
import { growth } from "../support/host/growth.ts";
import { address, jail } from "../support/values/core_values.ts";

const anyText = (text: string) => text;

/** Names as a body has them. */
function written(names: readonly string[]): Uint8Array {
  const writer = new FieldWriter();
  const known = new Map<string, number>();
  for (const name of names) writer.name("jail", name, known, anyText);
  return writer.bytes.copy();
}

function readAll(bytes: ByteReader): string[] {
  const reader = new NameReader(anyText);
  const names: string[] = [];
  while (!bytes.isAtEnd && bytes.refused === undefined) {
    names.push(reader.read(bytes, "jail"));
  }
  return names;
}

Deno.test("NameReader reads names that come again, and refuses one that is written as a text twice", () => {
  const names = ["sshd", "nginx", "sshd", "sshd", "nginx"];
  const body = written(names);
  deepStrictEqual(readAll(new ByteReader(body)), names);
  const twice = new ByteReader(Uint8Array.from([...body, ...body]));
  readAll(twice);
  strictEqual(twice.refused, "canonical");
});

Deno.test("names that are all different are read in time that grows with their number only", () => {
  const bodies = new Map([3_000, 30_000].map((count) => [
    count,
    written(Array.from({ length: count }, (_, at) => `jail-${at}`)),
  ]));
  const ratio = growth(3_000, (count) => {
    const names = readAll(new ByteReader(bodies.get(count) ?? never()));
    strictEqual(names.length, count);
    return names;
  });
  ok(ratio < 3, `${ratio}; 1 is in proportion, 10 with the square`);
});

Deno.test("one more receipt takes as many octets as PROTOCOL.md says", () => {
  const session = parseSessionId("5e".repeat(16)) ?? never();
  const lengthOf = (...agosMs: readonly number[]) =>
    RECEIPTS_BODY.write({
      session,
      batch: 1,
      results: agosMs.map((agoMs) => ({
        ...{ jail: jail("sshd"), address: address("192.0.2.1") },
        ...{ action: "nftables", outcome: "applied", detail: "", agoMs },
      })),
    }).length;
  const sizes = [[127, 8], [128, 9], [16_383, 9], [16_384, 10], [
    1_800_000,
    10,
  ]];
  for (const [agoMs = 0, octets] of sizes) {
    strictEqual(lengthOf(0, agoMs) - lengthOf(0), octets, `${agoMs} ms`);
  }
});

function never(): never {
  throw new TypeError("No such body");
}
