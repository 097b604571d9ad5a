import { ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  durationText,
  parseDuration,
  PERMANENT_SECONDS,
} from "../../lib/base/duration.ts";

const DURATIONS: readonly [text: string, seconds: number | undefined][] = [
  ["0", 0],
  ["600", 600],
  ["9999999999", 9_999_999_999],
  ["30s", 30],
  ["10m", 600],
  ["1h", 3600],
  ["1d", 86_400],
  ["1w", 604_800],
  ["1mo", 2_629_800],
  ["1y", 31_557_600],
  ["2 hours", 7200],
  ["1H 30Min", 5400],
  ["1d12h", 129_600],
  ["1 day 6 hours ", 108_000],
  ["1m1mo", 2_629_860],
  ["-1", PERMANENT_SECONDS],
  ["", undefined],
  [" 600", undefined],
  [" 1h", undefined],
  ["-2", undefined],
  ["-1s", undefined],
  ["+5", undefined],
  ["1.5h", undefined],
  ["1e3", undefined],
  ["0x10", undefined],
  ["60*60", undefined],
  ["1h-30m", undefined],
  ["h", undefined],
  ["1h 30", undefined],
  ["1h1h", undefined],
  ["1s 1sec", undefined],
  ["1 fortnight", undefined],
  ["1 constructor", undefined],
  ["10000000000", undefined],
  ["1h\n", undefined],
  ["\u0661h", undefined],
  [`1${" ".repeat(63)}h`, undefined],
];

for (const [text, seconds] of DURATIONS) {
  Deno.test(`parseDuration() gives ${seconds} for ${JSON.stringify(text)}`, () => {
    strictEqual(parseDuration(text), seconds);
  });
}

Deno.test("parseDuration() gives -1, undefined or whole seconds from 0 for any text", () => {
  const unitLike = fc.stringMatching(/^[ 0-9smhdwoySMH-]*$/);
  fc.assert(fc.property(fc.oneof(fc.string(), unitLike), (text) => {
    const seconds = parseDuration(text);
    ok(
      seconds === undefined || seconds === PERMANENT_SECONDS ||
        (Number.isSafeInteger(seconds) && seconds >= 0),
    );
  }));
});

Deno.test("parseDuration() adds up what a duration is written in", () => {
  const count = fc.nat({ max: 9999 });
  fc.assert(fc.property(count, count, count, (hours, minutes, seconds) => {
    strictEqual(
      parseDuration(`${hours}h ${minutes}m ${seconds}s`),
      hours * 3600 + minutes * 60 + seconds,
    );
  }));
});

Deno.test("durationText() writes what parseDuration() reads", () => {
  for (
    const [seconds, text] of [
      [604_800, "7d"],
      [129_600, "36h"],
      [600, "10m"],
      [601, "601s"],
      [0, "0s"],
      [PERMANENT_SECONDS, "-1"],
    ] as const
  ) strictEqual(durationText(seconds), text);
  fc.assert(fc.property(fc.nat({ max: 4_000_000_000 }), (seconds) => {
    strictEqual(parseDuration(durationText(seconds)), seconds);
  }));
});
