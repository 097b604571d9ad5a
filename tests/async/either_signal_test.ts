import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { EitherSignal } from "../../lib/async/either_signal.ts";

function controllers(): readonly [AbortController, AbortController] {
  return [new AbortController(), new AbortController()];
}

for (const index of [0, 1] as const) {
  Deno.test(`EitherSignal is aborted with signal ${index}, once, with its reason`, () => {
    const both = controllers();
    using either = new EitherSignal(both.map(({ signal }) => signal));
    const reasons: unknown[] = [];
    either.signal.addEventListener("abort", () => {
      reasons.push(either.signal.reason);
    });
    strictEqual(either.signal.aborted, false);
    both[index].abort("first");
    both[1 - index]?.abort("second");
    deepStrictEqual(reasons, ["first"]);
  });

  Deno.test(`EitherSignal is aborted from the start where signal ${index} was`, () => {
    const both = controllers();
    both[index].abort("before");
    using either = new EitherSignal(both.map(({ signal }) => signal));
    strictEqual(either.signal.aborted, true);
    strictEqual(either.signal.reason, "before");
  });
}

Deno.test("EitherSignal is aborted with a signal that is one of several itself", () => {
  const outer = new AbortController();
  const [left, right] = controllers();
  using inner = new EitherSignal([outer.signal, left.signal]);
  using either = new EitherSignal([inner.signal, right.signal]);
  outer.abort("outer");
  strictEqual(either.signal.reason, "outer");
});

Deno.test("EitherSignal is aborted by nothing once it is disposed of", () => {
  const stop = new AbortController();
  const either = new EitherSignal([stop.signal]);
  either[Symbol.dispose]();
  stop.abort();
  strictEqual(either.signal.aborted, false);
});
