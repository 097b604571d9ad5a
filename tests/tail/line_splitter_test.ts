import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "../../lib/tail/line_splitter.ts";

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();

/** Puts bytes in pieces through a cutter; gives the lines and where each batch ended. */
function cut(
  cutter: LineSplitter,
  pieces: readonly Uint8Array[],
): { text: string; ends: number[] } {
  let text = "";
  const ends: number[] = [];
  for (const piece of pieces) {
    let rest = piece;
    while (rest.length > 0) {
      const room = cutter.room();
      const count = Math.min(room.length, rest.length);
      room.set(rest.subarray(0, count));
      rest = rest.subarray(count);
      const lines = cutter.push(count);
      if (lines === undefined) continue;
      text += DECODER.decode(lines.bytes);
      ends.push(lines.endBytes);
    }
  }
  return { text, ends };
}

function bytes(text: string): Uint8Array {
  return ENCODER.encode(text);
}

Deno.test("a line in two pieces is given once it is whole, with where the next one begins", () => {
  const cutter = new LineSplitter({ offsetBytes: 100 });
  deepStrictEqual(cut(cutter, [bytes("one\ntw")]), {
    text: "one\n",
    ends: [104],
  });
  deepStrictEqual([cutter.readBytes, cutter.lineStartBytes], [106, 104]);
  deepStrictEqual(cut(cutter, [bytes("o\nthree")]), {
    text: "two\n",
    ends: [108],
  });
  strictEqual(cutter.lineStartBytes, 108);
});

Deno.test("a line ends at 0x0A and nowhere else", () => {
  const text = "a\rb\x0bc\x0cd\x85e\u2028f\0g";
  const cutter = new LineSplitter({ offsetBytes: 0 });
  deepStrictEqual(cut(cutter, [bytes(text)]).text, "");
  deepStrictEqual(cut(cutter, [bytes("\n")]).text, `${text}\n`);
});

Deno.test("a line that is too long is left out to its end, and counted", () => {
  const options = { offsetBytes: 0, maxLineBytes: 10, readBytes: 8 };
  const cutter = new LineSplitter(options);
  const long = "x".repeat(100);
  const { text, ends } = cut(cutter, [bytes(`ok\n${long}`)]);
  deepStrictEqual([text, ends, cutter.droppedLines], ["ok\n", [3], 1]);
  strictEqual(cutter.lineStartBytes, 3, "a place amid the long line");
  deepStrictEqual(cut(cutter, [bytes("\nnext\n")]), {
    text: "next\n",
    ends: [103 + 6],
  });
});

Deno.test("a line just as long as is allowed is kept", () => {
  const cutter = new LineSplitter({
    offsetBytes: 0,
    maxLineBytes: 10,
    readBytes: 8,
  });
  const line = `${"y".repeat(10)}\n`;
  strictEqual(cut(cutter, [bytes(line)]).text, line);
  strictEqual(cutter.droppedLines, 0);
});

Deno.test("the lines are the same however the bytes are cut into pieces", () => {
  const line = fc.string({ maxLength: 14, unit: "binary-ascii" });
  fc.assert(fc.property(
    fc.array(line, { maxLength: 20 }),
    fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 40 }),
    (lines, sizes) => {
      const whole = bytes(lines.map((text) => `${text}\n`).join(""));
      const pieces: Uint8Array[] = [];
      let from = 0;
      while (from < whole.length) {
        const size = sizes[pieces.length % sizes.length] ?? 1;
        pieces.push(whole.subarray(from, from + size));
        from += size;
      }
      const maxLineBytes = 12;
      const cutter = new LineSplitter({
        offsetBytes: 7,
        maxLineBytes,
        readBytes: 4,
      });
      const { text, ends } = cut(cutter, pieces);
      const all = DECODER.decode(whole).split("\n").slice(0, -1);
      const kept = all.filter((item) => item.length <= maxLineBytes);
      // A line a little too long may still arrive in one read: no harm.
      const given = text.split("\n").slice(0, -1);
      let at = 0;
      for (const item of all) {
        if (given[at] === item) at++;
        else strictEqual(kept.includes(item), false, "a good line is gone");
      }
      strictEqual(at, given.length, "a line that was never written");
      strictEqual(cutter.readBytes, 7 + whole.length);
      if (ends.length > 0) strictEqual(ends.at(-1), 7 + whole.length);
    },
  ));
});
