import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { LineQueue } from "../../lib/log/line_queue.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const never = () => new AbortController().signal;
const LINE = { severity: "info", atMs: 0, text: "a line" } as const;

/** A queue before a place that does what `deliver` does. */
function queueBefore(deliver: () => Promise<void>) {
  const clock = new ManualClock();
  const queue = new LineQueue({
    target: "the place",
    deliver,
    clock,
    complain: () => {},
  });
  return { clock, queue };
}

Deno.test("LineQueue.probe() finds no trouble where lines get out", async () => {
  const { queue } = queueBefore(() => Promise.resolve());
  strictEqual(await queue.probe(never()), undefined);
  queue.write(LINE);
  strictEqual(queue.waiting, 1);
  strictEqual(await queue.probe(never()), undefined);
  deepStrictEqual([queue.waiting, queue.lastReason], [0, undefined]);
});

Deno.test("LineQueue.probe() says at once why lines do not get out, until they do", async () => {
  let failure: Error | undefined = new RuntimeError("no place");
  const { queue, clock } = queueBefore(() =>
    failure === undefined ? Promise.resolve() : Promise.reject(failure)
  );
  queue.write(LINE);
  strictEqual(await queue.probe(never()), "no place");
  failure = new RuntimeError("no room");
  await clock.advance(100);
  deepStrictEqual([queue.waiting, queue.lastReason], [1, "no room"]);
  failure = undefined;
  await clock.advance(10_000);
  strictEqual(await queue.probe(never()), undefined);
  deepStrictEqual([queue.waiting, queue.lastReason], [0, undefined]);
});

Deno.test("LineQueue.probe() waits a second for a place that says nothing, or until aborted", async () => {
  const resumed = new Condition();
  const { queue, clock } = queueBefore(() => resumed.wait(never()));
  queue.write(LINE);
  const probing = queue.probe(never());
  await clock.advance(1_000);
  strictEqual(await probing, "the place does not take lines: 1 wait");
  const stop = new AbortController();
  const reason = new Error("stopped");
  const aborted = rejects(queue.probe(stop.signal), reason);
  stop.abort(reason);
  await aborted;
  resumed.notify();
  await settled();
  strictEqual(queue.waiting, 0);
});
