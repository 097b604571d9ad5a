import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ReportedBans } from "../../lib/monitor/reported_bans.ts";
import { ReportedBansStore } from "../../lib/monitor/reported_bans_store.ts";
import { MemoryStateText } from "../support/memory/fake_ports.ts";
import { MonitorHost } from "../support/bench/event_monitor_bench.ts";
import { DriftBench, HOUR_MS } from "../support/bench/drift_bench.ts";

Deno.test("what was found and not answered when a monitor ended is found again by the next", async () => {
  const host = new MonitorHost();
  const text = new MemoryStateText();
  const store = new ReportedBansStore(text, { record: () => {} });
  const began = async (isFirstRun: boolean) => {
    const reported = await store.load();
    const known = new ReportedBans(reported);
    const stored = { store, known };
    return new DriftBench({ host, isExact: true, isFirstRun, stored });
  };
  const held = new Map<string, { beganMs: number; endsMs: number }>();
  {
    await using bench = await began(true);
    for (const text of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    await bench.minute();
    host.publisher.silent = true;
    const { beganMs = 0 } = bench.held.get("192.0.2.1") ?? {};
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 2 * HOUR_MS });
    bench.held.set("192.0.2.2", { beganMs, endsMs: beganMs + HOUR_MS / 2 });
    bench.held.delete("192.0.2.3");
    bench.hold("192.0.2.4");
    await bench.minute();
    const { driftBans, driftEnds, driftUnbans } = bench.drift.counters;
    deepStrictEqual([driftBans, driftEnds, driftUnbans], [1, 2, 1]);
    for (const each of bench.held) held.set(...each);
  }
  strictEqual(host.publisher.counted.length, 3);
  host.publisher.silent = false;
  await using bench = await began(false);
  for (const each of held) bench.held.set(...each);
  await bench.minute();
  deepStrictEqual(
    bench.counted.slice(3).map((said) => said.replace(/ \d+$/, "")).sort(),
    [
      ...["ban sshd 192.0.2.1", "ban sshd 192.0.2.2", "ban sshd 192.0.2.4"],
      "unban sshd 192.0.2.3 ended",
    ],
  );
  await bench.minute();
  strictEqual(bench.counted.length, 7);
});

Deno.test("a ban that was reported right before a monitor was killed gets the end that it has by now", async () => {
  const host = new MonitorHost();
  const store = new ReportedBansStore(new MemoryStateText(), {
    record: () => {},
  });
  {
    const stored = { store, known: new ReportedBans() };
    await using bench = new DriftBench({ host, isExact: true, stored });
    bench.hold("192.0.2.9");
    await bench.minute();
    for (const text of ["192.0.2.1", "192.0.2.2"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    // As if it were killed: what it knows is not stored at its end.
    host.publisher.silent = true;
    await bench.say("[sshd] Ban 192.0.2.3");
    await host.clock.advance(5_000);
  }
  host.publisher.silent = false;
  const reported = await store.load();
  strictEqual(reported?.bans.length, 1);
  const known = new ReportedBans(reported);
  const stored = { store, known };
  await using bench = new DriftBench({ host, isExact: true, stored });
  const beganMs = host.clock.nowMs() - 10_000;
  for (
    const [text, endsMs] of [["192.0.2.1", 600_000], [
      "192.0.2.2",
      7_200_000,
    ]] as const
  ) {
    bench.held.set(text, { beganMs, endsMs: beganMs + endsMs });
  }
  bench.held.set("192.0.2.9", { beganMs: 0, endsMs: Infinity });
  await bench.minute();
  bench.hold("192.0.2.4");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(2), [
    "ban sshd 192.0.2.1 560",
    "ban sshd 192.0.2.2 7160",
    "ban sshd 192.0.2.4 3570",
  ]);
});
