import { strictEqual } from "node:assert/strict";
import { nearSpanText, spanText } from "../../lib/views/plain_texts.ts";

const SPANS: readonly (readonly [seconds: number, text: string])[] = [
  [0, "0 s"],
  [59, "59 s"],
  [60, "1 min"],
  [65, "1 min"],
  [66, "66 s"],
  [119, "119 s"],
  [120, "2 min"],
  [3_600, "1 h"],
  [7_199, "119 min"],
  [7_200, "2 h"],
  [86_400, "1 d"],
  [129_600, "36 h"],
  [604_799, "6 d"],
];

for (const [seconds, text] of SPANS) {
  Deno.test(`spanText() of ${seconds} s is ${text}`, () => {
    strictEqual(spanText(seconds * 1_000), text);
    strictEqual(spanText(seconds * 1_000 + 999), text);
  });
}

Deno.test("nearSpanText() takes a span that lacks a moment for the whole one", () => {
  strictEqual(nearSpanText(7_199_870), "2 h");
  strictEqual(nearSpanText(604_799_000), "7 d");
  strictEqual(nearSpanText(2_980), "3 s");
  strictEqual(nearSpanText(12_000), "12 s");
});
