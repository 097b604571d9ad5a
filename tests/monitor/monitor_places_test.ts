import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { HOLD_MS, MonitorBench } from "../support/bench/monitor_bench.ts";

Deno.test("Monitor keeps the place before an unban that it holds", async () => {
  await using bench = new MonitorBench();
  const beforeBytes = await bench.read("a N [sshd] Ban 192.0.2.1");
  await bench.clock.advance(1_000);
  await bench.read("a N [sshd] Unban 192.0.2.1");
  const endBytes = await bench.read("a N [sshd] Ban 192.0.2.2");
  strictEqual(bench.monitor.held, 1);
  await bench.clock.advance(HOLD_MS - 1);
  deepStrictEqual(bench.positions.offsets, [beforeBytes]);
  bench.publisher.holding = true;
  await bench.clock.advance(1);
  strictEqual(bench.publisher.heard.at(-1), "web-1|sshd|Unban|192.0.2.1");
  deepStrictEqual(bench.positions.offsets, [beforeBytes]);
  bench.publisher.release();
  await bench.clock.advance(0);
  deepStrictEqual(bench.positions.offsets, [beforeBytes, endBytes]);
});

Deno.test("Monitor moves its place on though an unban is always held", async () => {
  await using bench = new MonitorBench();
  const ends: number[] = [];
  for (let round = 0; round < 10; round++) {
    const last = round + 1;
    ends.push(
      await bench.read(`
        a N [sshd] Ban 192.0.2.${last}
        a N [sshd] Unban 192.0.2.${last}`),
    );
    await bench.clock.advance(HOLD_MS / 2);
    ok(bench.monitor.held > 0);
  }
  // The unban of the last round is held still: all before it is done with.
  deepStrictEqual(bench.positions.offsets.at(-1), ends.at(-2));
});

Deno.test("Monitor goes on when its place can't be stored, says so once, and stores it later", async () => {
  await using bench = new MonitorBench();
  bench.positions.failure = new RuntimeError("disk full", { hint: "" });
  await bench.read("a N [sshd] Ban 192.0.2.1");
  const endBytes = await bench.read("a N [sshd] Ban 192.0.2.2");
  await bench.clock.advance(25_000);
  strictEqual(bench.monitor.placeTrouble, "disk full");
  deepStrictEqual(bench.positions.offsets, []);
  bench.positions.failure = undefined;
  await bench.clock.advance(10_000);
  deepStrictEqual(bench.positions.offsets, [endBytes]);
  strictEqual(bench.monitor.placeTrouble, undefined);
  deepStrictEqual(
    bench.log.events.filter((event) => event.startsWith("the place")),
    [
      "the place in the log can't be stored, and is tried again",
      "the place in the log is stored again",
    ],
  );
});
