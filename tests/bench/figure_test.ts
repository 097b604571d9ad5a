import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import {
  bestTry,
  type Figure,
  isFarOver,
  type Outcome,
  ratioOf,
  tableOf,
} from "../../bench/figure.ts";

function figure(ours: number, limit = 10, goal = 2): Figure {
  return { what: "a way", ours, limit, limitIs: "a pipe", unit: "ms", goal };
}

/** A benchmark that gives one try after the other. */
function triesOf(...tries: readonly (readonly Outcome[])[]) {
  const left = [...tries];
  const measure = () => {
    const next = left.shift();
    if (next === undefined) throw new Error("Tried too often");
    return Promise.resolve(next);
  };
  return { measure, left };
}

Deno.test("isFarOver() is true above four times the goal, and for what is no number", () => {
  strictEqual(isFarOver(figure(80)), false);
  strictEqual(isFarOver(figure(81)), true);
  strictEqual(isFarOver(figure(NaN)), true);
  strictEqual(isFarOver(figure(Infinity)), true);
  strictEqual(isFarOver({ what: "nft", why: "it takes root" }), false);
});

Deno.test("isFarOver() is true for any loss where none is the goal", () => {
  strictEqual(isFarOver(figure(0, 1, 0)), false);
  strictEqual(isFarOver(figure(1, 1, 0)), true);
});

Deno.test("ratioOf() refuses a limit that was not measured", () => {
  for (const limit of [0, -1, NaN]) {
    throws(() => ratioOf(figure(1, limit)), RangeError);
  }
});

Deno.test("bestTry() measures once where nothing is far over", async () => {
  const missed = [figure(79)];
  const { measure, left } = triesOf(missed, [figure(1)]);
  strictEqual(await bestTry(measure), missed);
  strictEqual(left.length, 1);
});

Deno.test("bestTry() measures until nothing is far over, and takes the best of each figure", async () => {
  const other = (ours: number) => ({ ...figure(ours), what: "another" });
  const { measure, left } = triesOf(
    [figure(90), other(5)],
    [figure(30), other(60)],
    [figure(1), other(1)],
  );
  deepStrictEqual(await bestTry(measure), [figure(30), other(5)]);
  strictEqual(left.length, 1);
});

Deno.test("bestTry() gives up after three tries", async () => {
  const { measure } = triesOf([figure(90)], [figure(99)], [figure(95)]);
  deepStrictEqual(await bestTry(measure), [figure(90)]);
});

Deno.test("bestTry() prefers a number to what is none", async () => {
  const { measure } = triesOf([figure(NaN)], [figure(99)], [figure(NaN)]);
  deepStrictEqual(await bestTry(measure), [figure(99)]);
});

Deno.test("tableOf() shows what was measured, how far it is from its goal, and what was left out", () => {
  deepStrictEqual(
    tableOf([
      figure(15.123),
      figure(30),
      figure(123_456, 1_000),
      { what: "a start", why: "it takes 1,000,000 bans" },
    ]),
    [
      ["", "ours", "limit", "ratio", "goal", "", "the limit is"],
      ["a way", "15.1 ms", "10 ms", "1.51", "2", "reached", "a pipe"],
      ["a way", "30 ms", "10 ms", "3", "2", "missed", "a pipe"],
      ["a way", "123000 ms", "1000 ms", "123", "2", "over 4 times", "a pipe"],
      ["a start", "not measured: it takes 1,000,000 bans"],
    ],
  );
});
