import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ReportedBans } from "../../lib/monitor/reported_bans.ts";
import { ReportedBansStore } from "../../lib/monitor/reported_bans_store.ts";
import { MemoryStateText } from "../support/memory/fake_ports.ts";
import {
  countedBy,
  MonitorHost,
} from "../support/bench/event_monitor_bench.ts";
import {
  DriftBench,
  HOUR_MS,
  MINUTE_MS,
} from "../support/bench/drift_bench.ts";

for (const isExact of [true, false]) {
  const way = isExact ? "as fail2ban says" : "as its database says";

  Deno.test(`DriftRepair reports within a minute what no line said, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    await bench.minute();
    bench.hold("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted, ["ban sshd 192.0.2.1 3570"]);
    bench.held.delete("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted.slice(1), ["unban sshd 192.0.2.1 ended"]);
    await bench.minute();
    strictEqual(bench.counted.length, 2);
    const { driftBans, driftUnbans } = bench.drift.counters;
    deepStrictEqual({ driftBans, driftUnbans }, {
      driftBans: 1,
      driftUnbans: 1,
    });
  });

  Deno.test(`DriftRepair reports within a minute what no line said after the very first start, before it compared, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    await bench.host.clock.advance(2_000);
    bench.hold("192.0.2.1");
    await bench.minute();
    deepStrictEqual(bench.counted, ["ban sshd 192.0.2.1 3572"]);
  });

  Deno.test(`DriftRepair takes a ban back within a minute whose end no line said, and that no comparison had seen, ${way}`, async () => {
    for (const rowComesMs of [0, 3_000]) {
      await using bench = new DriftBench({ isExact });
      bench.bench.oracle.state = "gone";
      if (rowComesMs === 0) bench.hold("192.0.2.1");
      await bench.say("[sshd] Ban 192.0.2.1");
      await bench.host.clock.advance(rowComesMs);
      bench.hold("192.0.2.1");
      await bench.host.clock.advance(2_000);
      bench.held.delete("192.0.2.1");
      await bench.minute();
      const what = `a row after ${rowComesMs} ms: ${bench.counted}`;
      strictEqual(bench.counted.at(0), "ban sshd 192.0.2.1 3600", what);
      strictEqual(bench.counted.at(-1), "unban sshd 192.0.2.1 ended", what);
    }
  });

  Deno.test(`DriftRepair leaves what was there before the first run alone, and what was reported by the run before known, ${way}`, async () => {
    for (const isFirstRun of [true, false]) {
      await using bench = new DriftBench({ isExact, isFirstRun });
      bench.hold("192.0.2.1");
      await bench.minute();
      deepStrictEqual(bench.counted, []);
      bench.held.clear();
      await bench.minute();
      deepStrictEqual(
        bench.counted,
        isFirstRun ? [] : ["unban sshd 192.0.2.1 ended"],
      );
    }
  });

  Deno.test(`DriftRepair says nothing of what lines said already, nor of a ban that is lifted while its row stays, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    bench.bench.oracle.state = "gone";
    bench.hold("192.0.2.1");
    await bench.say("[sshd] Ban 192.0.2.1");
    await bench.minute();
    await bench.say("[sshd] Unban 192.0.2.1");
    await bench.minute();
    await bench.minute();
    deepStrictEqual(bench.counted, [
      "ban sshd 192.0.2.1 3600",
      "unban sshd 192.0.2.1 lifted",
    ]);
    await bench.host.clock.advance(2_000);
    bench.hold("192.0.2.1");
    await bench.minute();
    strictEqual(bench.counted.length, 3);
  });

  Deno.test(`DriftRepair moves an end that fail2ban has changed, later and earlier, ${way}`, async () => {
    await using bench = new DriftBench({ isExact });
    bench.hold("192.0.2.1");
    await bench.say("[sshd] Ban 192.0.2.1");
    const { beganMs = 0 } = bench.held.get("192.0.2.1") ?? {};
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 2 * HOUR_MS });
    await bench.minute();
    bench.held.set("192.0.2.1", { beganMs, endsMs: beganMs + 10 * MINUTE_MS });
    await bench.minute();
    deepStrictEqual(bench.counted, [
      "ban sshd 192.0.2.1 3600",
      "ban sshd 192.0.2.1 7170",
      "ban sshd 192.0.2.1 510",
    ]);
  });
}

Deno.test("DriftRepair takes no stop for an unban, whichever marks the log has", async () => {
  const stops = [
    [
      "Shutdown in progress...",
      "[sshd] Unban 192.0.2.1",
      "[sshd] Unban 192.0.2.2",
      "Jail 'sshd' stopped",
    ],
    ["[sshd] Unban 192.0.2.1", "[sshd] Unban 192.0.2.2", "Jail 'sshd' stopped"],
    // With a loglevel of NOTICE.
    ["[sshd] Unban 192.0.2.1", "[sshd] Unban 192.0.2.2"],
  ];
  for (const stop of stops) {
    await using bench = new DriftBench();
    bench.bench.oracle.state = "in_force";
    for (const text of ["192.0.2.1", "192.0.2.2"]) {
      bench.hold(text);
      await bench.say(`[sshd] Ban ${text}`);
    }
    await bench.say(...stop);
    await bench.minute();
    await bench.minute();
    strictEqual(bench.counted.length, 2, stop.join());
  }
});

Deno.test("DriftRepair reports what was lifted by a fail2ban that runs on, and what it did not restore", async () => {
  await using bench = new DriftBench();
  bench.bench.oracle.state = "in_force";
  for (const text of ["192.0.2.1", "192.0.2.2", "192.0.2.3"]) {
    bench.hold(text);
    await bench.say(`[sshd] Ban ${text}`);
  }
  await bench.say("[sshd] Unban 192.0.2.1");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(3), ["unban sshd 192.0.2.1 ended"]);
  await bench.say("[sshd] Unban 192.0.2.2", "[sshd] Unban 192.0.2.3");
  bench.startedMs = bench.host.clock.nowMs() + 3_000;
  await bench.host.clock.advance(4_000);
  await bench.say("[sshd] Restore Ban 192.0.2.3");
  await bench.minute();
  deepStrictEqual(bench.counted.slice(4), ["unban sshd 192.0.2.2 ended"]);
});

Deno.test("DriftRepair waits for a fail2ban that can't be asked, and for one that is restoring", async () => {
  await using bench = new DriftBench({ isExact: true });
  bench.hold("192.0.2.1");
  await bench.say("[sshd] Ban 192.0.2.1");
  bench.answers = false;
  bench.held.clear();
  await bench.minute();
  bench.answers = true;
  for (let times = 0; times < 6; times++) {
    bench.startedMs = bench.host.clock.nowMs();
    await bench.host.clock.advance(15_000);
  }
  strictEqual(bench.counted.length, 1);
  await bench.minute();
  deepStrictEqual(bench.counted.slice(1), ["unban sshd 192.0.2.1 ended"]);
});

for (const isExact of [true, false]) {
  Deno.test(`a monitor that ignores a jail after a restart takes its bans back, reports none of it, and all that stands once it does not, ${isExact ? "as fail2ban says" : "as its database says"}`, async () => {
    const host = new MonitorHost();
    const store = new ReportedBansStore(new MemoryStateText(), {
      record: () => {},
    });
    const held = new Map<string, { beganMs: number; endsMs: number }>();
    const run = async (
      ignoreJails: readonly string[],
      work: (bench: DriftBench) => Promise<void>,
    ) => {
      const known = new ReportedBans(await store.load());
      const stored = { store, known };
      const isFirstRun = known.epoch === undefined;
      await using bench = new DriftBench({
        ...{ host, isExact, isFirstRun, stored, ignoreJails },
      });
      for (const [text, times] of held) bench.held.set(text, times);
      await bench.minute();
      await work(bench);
      held.clear();
      for (const [text, times] of bench.held) held.set(text, times);
    };
    await run([], async (bench) => {
      bench.hold("192.0.2.1");
      bench.hold("192.0.2.2");
      await bench.minute();
    });
    const before = countedBy(host.publisher).length;
    await run(["ssh*"], async (bench) => {
      bench.hold("192.0.2.3");
      await bench.say("[sshd] Ban 192.0.2.4");
      bench.held.delete("192.0.2.2");
      await bench.minute();
      await bench.minute();
      // What a comparison finds of it is no more than its lines.
      strictEqual(bench.bench.monitor.counters.ignored, 1);
    });
    const during = countedBy(host.publisher).slice(before);
    deepStrictEqual(during, [
      "unban sshd 192.0.2.1 ended",
      "unban sshd 192.0.2.2 ended",
    ]);
    await run([], async (bench) => {
      await bench.minute();
    });
    const after = countedBy(host.publisher).slice(before + during.length);
    deepStrictEqual(
      after.map((text) => text.replace(/ \d+$/, "")),
      ["ban sshd 192.0.2.1", "ban sshd 192.0.2.3"],
    );
  });
}

Deno.test("DriftRepair forgets bans an hour after their end where fail2ban tells nothing, and none that stands", async () => {
  await using bench = new DriftBench();
  bench.answers = false;
  const brief = Array.from({ length: 20 }, (_, at) => `192.0.2.${at}`);
  for (const each of brief) bench.hold(each, MINUTE_MS);
  await bench.say(...brief.map((each) => `[sshd] Ban ${each}`));
  await bench.say("[sshd] Unban 192.0.2.0");
  bench.hold("198.51.100.1", 3 * HOUR_MS);
  await bench.say("[sshd] Ban 198.51.100.1");
  for (const each of brief) bench.held.delete(each);
  await bench.minute();
  strictEqual(bench.known.size, 21);
  await bench.host.clock.advance(HOUR_MS + MINUTE_MS);
  deepStrictEqual([...bench.known.values()].map(({ address }) => address), [
    "198.51.100.1",
  ]);
  const before = bench.counted.length;
  bench.answers = true;
  await bench.minute();
  strictEqual(bench.counted.length, before);
});

Deno.test("DriftRepair reports nothing that it left out or took back, however long fail2ban has told nothing meanwhile", async () => {
  await using bench = new DriftBench();
  bench.hold("192.0.2.1", 5 * HOUR_MS);
  await bench.minute();
  bench.bench.oracle.state = "gone";
  bench.hold("192.0.2.2", 5 * HOUR_MS);
  await bench.say("[sshd] Ban 192.0.2.2");
  await bench.minute();
  await bench.say("[sshd] Unban 192.0.2.2");
  bench.answers = false;
  await bench.host.clock.advance(2 * HOUR_MS);
  const before = bench.counted.length;
  bench.answers = true;
  await bench.minute();
  await bench.minute();
  deepStrictEqual(bench.counted.slice(before), []);
});
