import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { EchoOracle } from "../../lib/enforce/enforcer.ts";
import {
  countedBy,
  EventMonitorBench,
  MonitorHost,
} from "../support/bench/event_monitor_bench.ts";
import { ReportedBans } from "../../lib/monitor/reported_bans.ts";
import type { TicketState } from "../../lib/fail2ban/ports.ts";
import { EPOCH } from "../support/memory/memory_control.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";
import { waitUntil } from "../support/host/wait_until.ts";

const MINUTE_MS = 60_000;

/** A line that was written some time before the clock's start. */
function line(host: MonitorHost, agoMs: number, message: string): string {
  const logger = message.includes("Increase") ? "observer" : "actions";
  const stamp = localTime(host.clock.nowMs() - agoMs);
  return `${stamp},000 fail2ban.${logger} [9]: NOTICE  ${message}\n`;
}

Deno.test("Monitor by protocol 2 tells the time that a ban has left, and an increased one once more", async () => {
  await using bench = new EventMonitorBench();
  const { host, oracle } = bench;
  host.fail2ban.jail("sshd");
  host.fail2ban.jail("web").bantimeSeconds = -1;
  oracle.state = "gone";
  const end = localTime(host.clock.nowMs() + 4 * 60 * MINUTE_MS);
  await bench.read([
    line(host, 0, "[sshd] Ban 192.0.2.1"),
    line(host, 0, `[sshd] Increase Ban 192.0.2.1 (2 # 4h -> ${end})`),
    line(host, 4 * MINUTE_MS, "[sshd] Ban 192.0.2.2"),
    line(host, 0, "[web] Ban 192.0.2.3"),
    line(host, 0, "[web] Unban 192.0.2.3"),
  ].join(""));
  deepStrictEqual(countedBy(host.publisher), [
    "ban sshd 192.0.2.1 600",
    "ban sshd 192.0.2.1 14400",
    "ban sshd 192.0.2.2 360",
    "ban web 192.0.2.3 for ever",
    "unban web 192.0.2.3 lifted",
  ]);
  const ids = host.publisher.counted.map(({ id }) => id);
  strictEqual(new Set(ids).size, ids.length);
});

Deno.test("Monitor by protocol 2 tells an unban by hand from a ban's end: the row is gone before its time", async () => {
  const cases: readonly (readonly [TicketState, number, string])[] = [
    ["gone", 5, "lifted"],
    ["expired", 10, "ended"],
    // Its row was purged since.
    ["gone", 11, "ended"],
    // Nobody knows: the database can't be asked.
    ["unknown", 5, "ended"],
  ];
  for (const [state, minutes, why] of cases) {
    const host = new MonitorHost();
    host.fail2ban.jail("sshd");
    const known = new ReportedBans();
    await using bench = new EventMonitorBench(host, false, { known });
    bench.oracle.state = state;
    await bench.read(line(host, 0, "[sshd] Ban 192.0.2.1"));
    await host.clock.advance(minutes * MINUTE_MS);
    await bench.read(line(host, 0, "[sshd] Unban 192.0.2.1"));
    await host.clock.advance(MINUTE_MS);
    deepStrictEqual(
      countedBy(host.publisher),
      ["ban sshd 192.0.2.1 600", `unban sshd 192.0.2.1 ${why}`],
      `${state} after ${minutes} minutes`,
    );
  }
});

Deno.test("Monitor by protocol 2 reports what stands once more to a publisher with another store, and to that one only once", async () => {
  const host = new MonitorHost();
  host.fail2ban.jail("sshd");
  const known = new ReportedBans();
  {
    await using bench = new EventMonitorBench(host, false, { known });
    await bench.read([
      line(host, 0, "[sshd] Ban 192.0.2.1"),
      line(host, 0, "[sshd] Ban 192.0.2.2"),
      line(host, 0, "[sshd] Ban 192.0.2.3"),
    ].join(""));
    await host.clock.advance(2 * MINUTE_MS);
    bench.oracle.state = "gone";
    await bench.read(line(host, 0, "[sshd] Unban 192.0.2.2"));
    await host.clock.advance(MINUTE_MS);
    strictEqual(known.epoch, EPOCH);
    strictEqual(host.publisher.counted.length, 4);
    host.publisher.restart();
    await host.clock.advance(2 * MINUTE_MS);
    strictEqual(host.publisher.counted.length, 4);
  }
  // It is away meanwhile: the next run hears of it.
  const other = "fedcba9876543210".repeat(2) as Epoch;
  host.publisher.restart();
  host.publisher.epoch = other;
  await using bench = new EventMonitorBench(host, false, { known });
  await host.clock.advance(MINUTE_MS);
  deepStrictEqual(countedBy(host.publisher).slice(4), [
    "ban sshd 192.0.2.1 299",
    "ban sshd 192.0.2.3 299",
  ]);
  strictEqual(known.epoch, other);
  host.publisher.restart();
  await host.clock.advance(MINUTE_MS);
  strictEqual(host.publisher.counted.length, 6);
  const told = bench.log.events.filter((event) =>
    event.includes("it was told what stands")
  );
  strictEqual(told.length, 1);
});

Deno.test("Monitor by protocol 2 gives a ban that it reads late no new time", async () => {
  await using bench = new EventMonitorBench();
  const { host } = bench;
  host.fail2ban.jail("sshd");
  const endBytes = await bench.read([
    line(host, 60 * MINUTE_MS, "[sshd] Ban 192.0.2.1"),
    line(host, 9 * MINUTE_MS, "[sshd] Ban 192.0.2.2"),
  ].join(""));
  deepStrictEqual(countedBy(host.publisher), ["ban sshd 192.0.2.2 60"]);
  strictEqual(bench.link.counters.expired, 1);
  deepStrictEqual(host.positions.offsets, [endBytes]);
});

Deno.test("Monitor on a host whose clock is hours ahead, or set back, tells the same time left", async () => {
  for (const offMs of [2 * 60 * MINUTE_MS, -10 * MINUTE_MS]) {
    const host = new MonitorHost();
    const nowMs = host.clock.nowMs.bind(host.clock);
    host.fail2ban.jail("sshd");
    host.clock.nowMs = () => nowMs() + Math.max(0, offMs);
    await using bench = new EventMonitorBench(host);
    const text = line(host, 0, "[sshd] Ban 192.0.2.1");
    host.clock.nowMs = () => nowMs() + offMs;
    await bench.read(text);
    await host.clock.advance(1_000);
    deepStrictEqual(countedBy(host.publisher), ["ban sshd 192.0.2.1 600"]);
  }
});

Deno.test("Monitor stores the place after the ACK; killed before it, it says everything again and nothing counts twice", async () => {
  const host = new MonitorHost();
  host.fail2ban.jail("sshd");
  const log = Array.from(
    { length: 20 },
    (_, index) => line(host, 0, `[sshd] Ban 192.0.2.${index}`),
  ).join("");
  host.publisher.holding = true;
  {
    await using bench = new EventMonitorBench(host);
    await bench.read(log);
    strictEqual(host.publisher.counted.length > 0, true);
  }
  deepStrictEqual(host.positions.offsets, []);
  host.publisher.holding = false;
  await using again = new EventMonitorBench(host);
  const endBytes = await again.read(log);
  strictEqual(host.publisher.counted.length, 20);
  strictEqual(again.link.counters.acknowledged, 20);
  strictEqual(again.link.counters.known > 0, true);
  deepStrictEqual(host.positions.offsets, [endBytes]);
});

function hostWithBans(): MonitorHost {
  const host = new MonitorHost();
  const nowMs = host.clock.nowMs();
  host.fail2ban.jail("sshd").banned
    .set("192.0.2.1", nowMs - MINUTE_MS)
    .set("192.0.2.2", nowMs)
    .set("127.0.0.1", nowMs);
  host.fail2ban.jail("fail2bancluster").banned.set("192.0.2.9", nowMs);
  return host;
}

/** The subscriber of this host has applied one of the bans. */
const ECHOES: EchoOracle = {
  isEcho: (_, __, address) => address === "192.0.2.2",
};

Deno.test("Monitor reports the bans that were there, but no protected address, nor what the cluster applied", async () => {
  const host = hostWithBans();
  await using bench = new EventMonitorBench(host, true, { echoes: ECHOES });
  await bench.read("");
  await waitUntil(() => host.publisher.counted.length > 0, { what: "the ban" });
  deepStrictEqual(countedBy(host.publisher), ["ban sshd 192.0.2.1 540"]);
  const { reported, refused, echoes } = bench.monitor.counters;
  deepStrictEqual([reported, refused, echoes], [1, 1, 1]);
});

Deno.test("Monitor that was killed before the bans that were there are answered reports them again, and they count once", async () => {
  const host = hostWithBans();
  host.publisher.holding = true;
  {
    await using bench = new EventMonitorBench(host, true);
    await bench.read("");
    await waitUntil(() => host.publisher.counted.length === 2, {
      what: "both bans",
    });
  }
  strictEqual(host.positions.saved.length, 0);
  host.publisher.holding = false;
  await using again = new EventMonitorBench(host, true);
  await again.read("");
  await waitUntil(() => again.link.settled === 2, { what: "both answers" });
  await host.clock.advance(2_000);
  strictEqual(host.publisher.counted.length, 2);
  strictEqual(again.link.counters.known, 2);
  strictEqual(host.positions.saved.at(-1)?.importing, undefined);
});

Deno.test("Monitor goes on with the log while fail2ban can't be asked for its bans, and notes that they are missing", async () => {
  const host = hostWithBans();
  host.fail2ban.failure = new RuntimeError("no socket");
  await using bench = new EventMonitorBench(host, true);
  await bench.read(line(host, 0, "[sshd] Ban 192.0.2.7"));
  await host.clock.advance(1_000);
  deepStrictEqual(countedBy(host.publisher).map((text) => text.slice(0, 18)), [
    "ban sshd 192.0.2.7",
  ]);
  strictEqual(host.positions.saved.at(-1)?.importing, true);
  host.fail2ban.failure = undefined;
  await host.clock.advance(10_000);
  await waitUntil(() => bench.link.settled === 3, { what: "every answer" });
  await host.clock.advance(1_000);
  strictEqual(host.positions.saved.at(-1)?.importing, undefined);
});
