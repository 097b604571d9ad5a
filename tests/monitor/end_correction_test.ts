import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { BanExpiry } from "../../lib/monitor/ban_expiry.ts";
import type { TicketRow } from "../../lib/fail2ban/ports.ts";
import {
  countedBy,
  EventMonitorBench,
  MonitorHost,
} from "../support/bench/event_monitor_bench.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";
import type { EventId } from "../../lib/base/ids.ts";
import { EndCorrection } from "../../lib/monitor/end_correction.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { testAddress } from "../support/fail2ban/fail2ban_lines.ts";
import { address, jail } from "../support/values/core_values.ts";

const HOUR_S = 3_600;
const MINUTE_MS = 60_000;

/** A monitor whose fail2ban writes a row some time after its line. */
async function report(jailSeconds: number | undefined, row: {
  readonly afterMs: number;
  readonly lastsSeconds: number;
}) {
  const host = new MonitorHost();
  const { clock } = host;
  const beganMs = clock.nowMs();
  const endsMs = beganMs + row.lastsSeconds * 1_000;
  const ticketRow = (): TicketRow | undefined =>
    clock.nowMs() >= beganMs + row.afterMs ? { beganMs, endsMs } : undefined;
  const jails = {
    banTimeMs: () => Promise.resolve(jailSeconds && jailSeconds * 1_000),
  };
  const log = { record: () => {} };
  const ends = new BanExpiry({
    rows: { answers: true, ticketRow },
    ...{ jails, clock, log, assumedMs: 10 * MINUTE_MS },
  });
  await using bench = new EventMonitorBench(host, false, { ends });
  await bench.read(
    `${
      localTime(beganMs)
    },000 fail2ban.actions [9]: NOTICE  [sshd] Ban 192.0.2.1\n`,
  );
  await clock.advance(2 * MINUTE_MS);
  const { corrected } = bench.monitor.counters;
  return { counted: countedBy(host.publisher), corrected, ends };
}

Deno.test("EndCorrection prolongs a ban whose row comes late, whenever within a minute", async () => {
  for (const afterMs of [10, 192, 1_000, 30_000]) {
    const { counted, corrected, ends } = await report(600, {
      afterMs,
      lastsSeconds: HOUR_S,
    });
    strictEqual(counted.length, 2);
    strictEqual(counted[0], "ban sshd 192.0.2.1 600");
    strictEqual(counted[1]?.startsWith("ban sshd 192.0.2.1 35"), afterMs > 500);
    strictEqual(corrected, 1);
    strictEqual(ends.assumed, 0);
  }
});

Deno.test("EndCorrection reports a ban with a nearer end without taking it back, and leaves one alone that was right", async () => {
  const shorter = await report(HOUR_S, { afterMs: 192, lastsSeconds: 600 });
  deepStrictEqual(shorter.counted, [
    "ban sshd 192.0.2.1 3600",
    "ban sshd 192.0.2.1 600",
  ]);
  const right = await report(600, { afterMs: 192, lastsSeconds: 600 });
  deepStrictEqual(right.counted, ["ban sshd 192.0.2.1 600"]);
  strictEqual(right.corrected, 0);
});

Deno.test("an end counts as assumed only once its row has not come for a minute", async () => {
  const late = await report(undefined, { afterMs: 900, lastsSeconds: HOUR_S });
  strictEqual(late.ends.assumed, 0);
  strictEqual(late.corrected, 1);
  const never = await report(undefined, {
    afterMs: 10 * MINUTE_MS,
    lastsSeconds: HOUR_S,
  });
  deepStrictEqual(never.counted, ["ban sshd 192.0.2.1 600"]);
  strictEqual(never.ends.assumed, 1);
});

Deno.test("EndCorrection awaits rows as long as others come: a busy fail2ban writes them late, in order", async () => {
  const clock = new ManualClock();
  const startMs = clock.nowMs();
  const dueMs = new Map(
    [50, 100, 150, 900].map((seconds, at) =>
      [testAddress(at), seconds * 1_000] as const
    ),
  );
  const assumed: string[] = [];
  const correction = new EndCorrection({
    clock,
    ends: {
      endInRow: ({ address: of }) =>
        clock.nowMs() - startMs >= (dueMs.get(of) ?? Infinity) ? 0 : undefined,
    },
  });
  for (const text of dueMs.keys()) {
    const id = "0".repeat(16) as EventId;
    const ban = {
      ...{ jail: jail("sshd"), address: address(text), id },
      madeMs: undefined,
    };
    correction.watch({ kind: "ban", ...ban }, {
      endsMs: 0,
      awaits: {
        writtenMs: startMs,
        before: undefined,
        tellAssumed: () => assumed.push(text),
      },
    });
  }
  const stop = new AbortController();
  const corrected: string[] = [];
  const run = correction.run(
    (work) => work(),
    ({ ban }) => Promise.resolve(void corrected.push(ban.address)),
    stop.signal,
  );
  await clock.advance(200_000);
  deepStrictEqual(corrected, [0, 1, 2].map(testAddress));
  deepStrictEqual(assumed, []);
  await clock.advance(20_000);
  deepStrictEqual(assumed, [testAddress(3)]);
  stop.abort();
  await rejects(run);
});
