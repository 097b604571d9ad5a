import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { HOLD_MS, MonitorBench } from "../support/bench/monitor_bench.ts";

const SILENT = () => undefined;
const ECHO = (request: string) => request;

Deno.test("Monitor lets no ban overtake the held unbans that were released before it", async () => {
  await using bench = new MonitorBench({}, { maxPending: 1 });
  await bench.read(`
    a N [sshd] Unban 192.0.2.1
    a N [sshd] Unban 192.0.2.2
    a N [sshd] Unban 192.0.2.3`);
  bench.publisher.holding = true;
  await bench.clock.advance(HOLD_MS);
  await bench.read("a N [sshd] Ban 192.0.2.3");
  bench.publisher.holding = false;
  bench.publisher.release();
  await bench.clock.advance(0);
  deepStrictEqual(bench.publisher.heard, [
    "web-1|sshd|Unban|192.0.2.1",
    "web-1|sshd|Unban|192.0.2.2",
    "web-1|sshd|Unban|192.0.2.3",
    "web-1|sshd|Ban|192.0.2.3",
  ]);
});

Deno.test("Monitor stores no place while released unbans are not all handed over", async () => {
  await using bench = new MonitorBench({}, { maxPending: 1 });
  await bench.read(`
    a N [sshd] Unban 192.0.2.1
    a N [sshd] Unban 192.0.2.2`);
  bench.publisher.holding = true;
  await bench.clock.advance(HOLD_MS);
  const endBytes = await bench.read("f I [sshd] Found 192.0.2.9");
  bench.publisher.release();
  await bench.clock.advance(0);
  strictEqual(bench.publisher.heard.length, 2);
  deepStrictEqual(bench.positions.offsets, []);
  bench.publisher.release();
  await bench.clock.advance(1_000);
  strictEqual(bench.positions.offsets.at(-1), endBytes);
});

Deno.test("Monitor holds an unban no shorter for a publisher that doesn't answer", async () => {
  await using bench = new MonitorBench({}, { maxPending: 1 });
  bench.publisher.answer = SILENT;
  await bench.read(`
    a N [sshd] Unban 192.0.2.1
    a N [sshd] Ban 192.0.2.2
    a N [sshd] Ban 192.0.2.3`);
  await bench.read("a N [sshd] Restore Ban 192.0.2.1");
  await bench.clock.advance(10 * HOLD_MS);
  bench.publisher.answer = ECHO;
  await bench.clock.advance(10 * HOLD_MS);
  strictEqual(bench.link.settled, 2);
  strictEqual(
    bench.publisher.heard.some((request) => request.includes("Unban")),
    false,
  );
});
