import fc from "fast-check";
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import type { Ban } from "../../lib/ban/ban.ts";
import {
  BanBlock,
  decodeBanBlock,
  encodeBanBlock,
  splitIntoBlocks,
} from "../../lib/ban/ban_block.ts";
import {
  decodeBanColumns,
  encodeBanColumns,
} from "../../lib/ban/ban_block_bytes.ts";
import { MAX_BLOCK_BYTES } from "../../lib/ban/ban_block_rules.ts";
import { bansOf, columnsOf } from "../../lib/ban/ban_columns.ts";
import { anyBan } from "../support/values/any_bans.ts";
import { banBy } from "../support/values/bans.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import VECTORS from "../vectors/ban_blocks.json" with { type: "json" };

const anyBans = fc.array(anyBan, { maxLength: 12 });

Deno.test("decodeBanBlock() gives the bans that were encoded, whatever they are", () => {
  fc.assert(fc.property(anyBans, (bans) => {
    const block = encodeBanBlock(bans);
    deepStrictEqual(decodeBanBlock(block), { ok: true, value: bans });
  }));
});

Deno.test("columns of a block are those of its bans, and give the same block", () => {
  fc.assert(fc.property(anyBans, (bans) => {
    const block = encodeBanBlock(bans);
    const read = decodeBanColumns(block);
    ok(read.ok);
    deepStrictEqual(read.value, columnsOf(bans));
    deepStrictEqual(encodeBanColumns(read.value), block);
    deepStrictEqual([...bansOf(read.value)], bans);
  }));
});

Deno.test("a block is read at any place of a buffer", () => {
  const bans = [banBy({ web1: 5, web2: Infinity })];
  const block = encodeBanBlock(bans);
  const buffer = new Uint8Array(block.length + 6);
  buffer.set(block, 3);
  const inside = buffer.subarray(3, 3 + block.length);
  deepStrictEqual(decodeBanBlock(inside), { ok: true, value: bans });
});

Deno.test("decodeBanBlock() refuses a block that is cut off anywhere, or goes on", () => {
  fc.assert(
    fc.property(anyBans, (bans) => {
      const block = encodeBanBlock(bans);
      for (let end = 0; end < block.length; end++) {
        strictEqual(decodeBanBlock(block.subarray(0, end)).ok, false, `${end}`);
      }
      const longer = Uint8Array.of(...block, 0);
      strictEqual(decodeBanBlock(longer).ok, false);
    }),
    { numRuns: 30 },
  );
});

Deno.test("a block with a byte flipped is refused, or is the block of what it says", () => {
  fc.assert(
    fc.property(anyBans, fc.integer({ min: 1, max: 255 }), (bans, bits) => {
      const block = encodeBanBlock(bans);
      for (let at = 0; at < block.length; at++) {
        const flipped = block.slice();
        flipped[at] = (block[at] ?? 0) ^ bits;
        const decoded = decodeBanBlock(flipped);
        if (decoded.ok) deepStrictEqual(encodeBanBlock(decoded.value), flipped);
      }
    }),
    { numRuns: 60 },
  );
});

for (const { name, bans, hex } of VECTORS.valid) {
  Deno.test(`block: ${name}`, () => {
    const expected = bans.map((ban) => ({
      ...ban,
      reports: ban.reports.map((report) => ({
        ...report,
        expiresMs: report.expiresMs ?? Infinity,
      })),
    }));
    const bytes = Uint8Array.fromHex(hex.join(""));
    const decoded = decodeBanBlock(bytes);
    deepStrictEqual(decoded, { ok: true, value: expected });
    ok(decoded.ok);
    strictEqual(encodeBanBlock(decoded.value).toHex(), hex.join(""));
  });
}

for (const { name, hex, reason } of VECTORS.invalid) {
  Deno.test(`no block: ${name}`, () => {
    const bytes = Uint8Array.fromHex(hex.join(""));
    deepStrictEqual(decodeBanBlock(bytes), { ok: false, reason });
  });
}

Deno.test("a ban of one report takes no more than 23 bytes among others", () => {
  const bans = Array.from({ length: 4_000 }, (_, at): Ban => ({
    jail: jail(at % 3 === 0 ? "sshd" : "nginx"),
    address: address(`198.${at % 7}.${at >> 8}.${at & 255}`),
    reports: [{
      origin: host(`web${at % 20}`),
      firstMs: 1_790_000_000_000 + at * 1_000,
      lastMs: 1_790_000_000_000 + at * 1_100,
      expiresMs: at % 10 === 0 ? Infinity : 1_790_000_600_000 + at * 900,
    }],
    seq: at + 1,
    isPending: false,
  }));
  const bytes = encodeBanBlock(bans).length;
  ok(bytes <= 23 * bans.length, `${bytes / bans.length} bytes a ban`);
});

const BAD: readonly (readonly [string, Partial<Ban>])[] = [
  ["no report", { reports: [] }],
  ["two reports of one node", banBy({ web1: 5, WEB1: 6 })],
  ["a number that is none", { seq: 0.5 }],
  ["more reports than a ban has", {
    reports: Array.from({ length: 257 }, (_, at) => ({
      ...{ origin: host(`web${at}`), firstMs: 0, lastMs: 0, expiresMs: 5 },
    })),
  }],
  ["an end that is no time", {
    reports: [{ origin: host("web1"), firstMs: 0, lastMs: 0, expiresMs: NaN }],
  }],
  ["a beginning that is never", {
    reports: [{
      ...{ origin: host("web1"), firstMs: Infinity, lastMs: 0, expiresMs: 5 },
    }],
  }],
];
for (const [what, odd] of BAD) {
  Deno.test(`encodeBanBlock() refuses ${what}`, () => {
    throws(
      () => encodeBanBlock([{ ...banBy({ web1: 5 }), ...odd }]),
      RangeError,
    );
  });
}

Deno.test("encodeBanBlock() refuses more bans than a block has", () => {
  const bans = Array.from({ length: 4_097 }, () => banBy({ web1: 5 }));
  throws(() => encodeBanBlock(bans), RangeError);
});

/** So many bans, each reported by so many nodes of its own with the longest names. */
function longBans(bans: number, reports: number): readonly Ban[] {
  const label = "x".repeat(61);
  const tail = `${label}.${label}.${label}.${"x".repeat(50)}`;
  return Array.from({ length: bans }, (_, at) => ({
    ...banBy({}, { seq: at + 1, last: at % 256 }),
    reports: Array.from({ length: reports }, (_, report) => ({
      origin: host(`n${at * reports + report}.${tail}`.slice(0, 253)),
      firstMs: at / 3,
      lastMs: at / 5,
      expiresMs: at / 7,
    })),
  }));
}

for (
  const [what, bans] of [
    [
      "many bans",
      longBans(1, 1).concat(
        Array.from(
          { length: 9_000 },
          (_, at) => banBy({ web1: at }, { seq: at + 1 }),
        ),
      ),
    ],
    ["bans with the longest names", longBans(20, 256)],
    [
      "bans with many reports",
      Array.from({ length: 200 }, () =>
        banBy(Object.fromEntries(
          Array.from({ length: 256 }, (_, at) => [`web${at}`, at / 3]),
        ))),
    ],
  ] as const
) {
  Deno.test(`splitIntoBlocks() divides ${what} so that each block can be encoded`, () => {
    const blocks = [...splitIntoBlocks(bans)];
    ok(blocks.length > 1);
    deepStrictEqual(blocks.flatMap(({ bans }) => bans), bans);
    for (const [at, { bans, isLast }] of blocks.entries()) {
      ok(bans.length > 0);
      strictEqual(isLast, at === blocks.length - 1);
      ok(encodeBanBlock(bans).length <= MAX_BLOCK_BYTES);
    }
  });
}

Deno.test("splitIntoBlocks() makes one empty block of nothing", () => {
  deepStrictEqual([...splitIntoBlocks([])], [{ bans: [], isLast: true }]);
});

Deno.test("splitIntoBlocks() takes one ban more than the block that is asked for, and no other", () => {
  let taken = 0;
  function* endless() {
    while (true) yield banBy({ web1: 5 }, { seq: ++taken });
  }
  const { value } = splitIntoBlocks(endless(), 3).next();
  strictEqual(value?.bans.length, 3);
  strictEqual(value?.isLast, false);
  strictEqual(taken, 4);
});

Deno.test("a BanBlock has the columns of its bytes, made or read", () => {
  const bans = [banBy({ web1: 5, web2: Infinity })];
  const made = BanBlock.of(bans);
  const read = BanBlock.read(made.bytes);
  ok(read.ok);
  deepStrictEqual(read.value.bytes, encodeBanBlock(bans));
  deepStrictEqual(read.value.columns, made.columns);
  strictEqual(BanBlock.read(new Uint8Array(9)).ok, false);
});
