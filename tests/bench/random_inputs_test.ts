import {
  deepStrictEqual,
  notDeepStrictEqual,
  strictEqual,
} from "node:assert/strict";
import { RandomInputs } from "../../bench/random_inputs.ts";

const COUNT = 20_000;

function many<T>(at: (index: number) => T): T[] {
  return Array.from({ length: COUNT }, (_, index) => at(index));
}

Deno.test("RandomInputs.addressAt() and eventIdAt() give each index another one", () => {
  for (const seed of [0, 1, 2 ** 32 - 1]) {
    const inputs = new RandomInputs(seed);
    strictEqual(new Set(many((at) => inputs.addressAt(at))).size, COUNT);
    strictEqual(new Set(many((at) => inputs.eventIdAt(at))).size, COUNT);
  }
});

Deno.test("RandomInputs are the same for the same seed, and others for another", () => {
  const inputs = (seed: number) => {
    const random = new RandomInputs(seed);
    return many((at) => [random.addressAt(at), random.eventIdAt(at)]);
  };
  deepStrictEqual(inputs(7), inputs(7));
  notDeepStrictEqual(inputs(7), inputs(8));
});

Deno.test("RandomInputs.addressAt() spreads neighbours: half of all follow a greater one", () => {
  const inputs = new RandomInputs(3);
  const numbers = many((at) =>
    inputs.addressAt(at).split(".").reduce((sum, each) => sum * 256 + +each, 0)
  );
  const falls = numbers.filter((each, at) => each < (numbers[at - 1] ?? 0));
  strictEqual(Math.round(falls.length / COUNT * 10), 5);
});
