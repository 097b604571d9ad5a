import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { bisectFailures } from "../../lib/nftables/bisect_failures.ts";

/** Fails with the first item that is bad; what goes well is done. */
class Attempts {
  readonly done: number[] = [];
  count = 0;
  readonly #bad: ReadonlySet<number>;

  constructor(bad: Iterable<number>) {
    this.#bad = new Set(bad);
  }

  readonly attempt = (
    items: readonly number[],
  ): Promise<string | undefined> => {
    this.count++;
    const culprit = items.find((item) => this.#bad.has(item));
    if (culprit === undefined) this.done.push(...items);
    return Promise.resolve(
      culprit === undefined ? undefined : `${culprit} is bad`,
    );
  };
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

Deno.test("bisectFailures() finds one of 2,000 with 22 attempts, and does the rest", async () => {
  const attempts = new Attempts([1_234]);
  const failures = await bisectFailures({
    items: numbers(2_000),
    reason: "1234 is bad",
    attempt: attempts.attempt,
    maxAttempts: 100,
  });
  deepStrictEqual(failures, [{ item: 1_234, reason: "1234 is bad" }]);
  strictEqual(attempts.done.length, 1_999);
  ok(attempts.count <= 22, String(attempts.count));
});

Deno.test("bisectFailures() asks nothing about one alone", async () => {
  const attempts = new Attempts([]);
  deepStrictEqual(
    await bisectFailures({
      items: [7],
      reason: "so it is",
      attempt: attempts.attempt,
      maxAttempts: 100,
    }),
    [{ item: 7, reason: "so it is" }],
  );
  strictEqual(attempts.count, 0);
});

Deno.test("bisectFailures() gives none when what failed goes well in halves", async () => {
  const attempts = new Attempts([]);
  const failures = await bisectFailures({
    items: numbers(9),
    reason: "for a moment",
    attempt: attempts.attempt,
    maxAttempts: 100,
  });
  deepStrictEqual(failures, []);
  deepStrictEqual(attempts.done, numbers(9));
});

Deno.test("bisectFailures() with attempts to spare finds each culprit with its own reason, and does all others in order", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(63), { minLength: 1 }),
      async (bad) => {
        const attempts = new Attempts(bad);
        const failures = await bisectFailures({
          items: numbers(64),
          reason: "some are bad",
          attempt: attempts.attempt,
          maxAttempts: 1_000,
        });
        const sorted = [...bad].sort((left, right) => left - right);
        deepStrictEqual(
          failures,
          sorted.map((item) => ({ item, reason: `${item} is bad` })),
        );
        const isGood = (item: number) => !bad.includes(item);
        deepStrictEqual(
          [...attempts.done].sort((left, right) => left - right),
          numbers(64).filter(isGood),
        );
      },
    ),
  );
});

Deno.test("bisectFailures() makes no more attempts than it may, and counts whatever was not done", async () => {
  const anyBad = fc.uniqueArray(fc.nat(63), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(anyBad, fc.nat(70), async (bad, maxAttempts) => {
      const attempts = new Attempts(bad);
      const failures = await bisectFailures({
        items: numbers(64),
        reason: "some are bad",
        attempt: attempts.attempt,
        maxAttempts,
      });
      ok(attempts.count <= maxAttempts);
      const all = [...attempts.done, ...failures.map(({ item }) => item)];
      deepStrictEqual(all.sort((left, right) => left - right), numbers(64));
      ok(!attempts.done.some((item) => bad.includes(item)));
    }),
  );
});
