import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { BanExpiry } from "../../lib/monitor/ban_expiry.ts";
import { address, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const BAN = { jail: jail("sshd"), address: address("192.0.2.1") };
const UNDATED = "fail2ban.actions [9]: NOTICE [sshd] Ban 192.0.2.1";
const MINUTE_MS = 60_000;
const NEVER = new AbortController().signal;

/** Ends worked out from what a test says is known. */
class EndsBench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  /** When the row's ban ends, in milliseconds from now; `undefined`: no row. */
  rowEndsInMs: number | undefined;
  /** The jail's ban time. */
  jailMs: number | undefined;
  rowsAsked = 0;
  readonly ends: BanExpiry;

  constructor(assumedMs = 10 * MINUTE_MS) {
    const { clock, log } = this;
    const startMs = clock.nowMs();
    const ticketRow = () => {
      this.rowsAsked++;
      return this.rowEndsInMs === undefined
        ? undefined
        : { endsMs: startMs + this.rowEndsInMs };
    };
    this.ends = new BanExpiry({
      rows: { ticketRow },
      jails: { banTimeMs: () => Promise.resolve(this.jailMs) },
      ...{ clock, log, assumedMs },
    });
  }

  /** A line that was written some time ago. */
  line(agoMs: number): string {
    return `${localTime(this.clock.nowMs() - agoMs)},000 ${UNDATED}`;
  }

  /** The end in milliseconds from the start of the test. */
  async end(line: string, lastsMs?: number): Promise<number> {
    const startMs = this.clock.nowMs();
    const ban = lastsMs === undefined ? BAN : { ...BAN, lastsMs };
    const end = this.ends.endOf(ban, line, NEVER);
    await this.clock.advance(1_000);
    return await end - startMs;
  }
}

Deno.test("BanExpiry takes the end from the row of a ban in force, at once", async () => {
  const bench = new EndsBench();
  bench.rowEndsInMs = 3 * MINUTE_MS;
  bench.jailMs = MINUTE_MS;
  strictEqual(await bench.end(bench.line(0)), 3 * MINUTE_MS);
  strictEqual(await bench.end(UNDATED), 3 * MINUTE_MS - 1_000);
  bench.rowEndsInMs = Infinity;
  strictEqual(await bench.end(bench.line(0)), Infinity);
  strictEqual(bench.rowsAsked, 3);
  deepStrictEqual(bench.log.records, []);
});

Deno.test("BanExpiry counts the jail's ban time from when the line was written, without a wait for the row", async () => {
  const bench = new EndsBench();
  bench.jailMs = 10 * MINUTE_MS;
  strictEqual(await bench.end(bench.line(0)), 10 * MINUTE_MS);
  strictEqual(await bench.end(bench.line(4 * MINUTE_MS)), 6 * MINUTE_MS);
  strictEqual(await bench.end(bench.line(15 * MINUTE_MS)), -5 * MINUTE_MS);
  bench.jailMs = Infinity;
  strictEqual(await bench.end(bench.line(15 * MINUTE_MS)), Infinity);
  strictEqual(bench.rowsAsked, 4);
  deepStrictEqual(bench.log.records, []);
});

Deno.test("BanExpiry tells the row of this ban, which is over, from that of one before", async () => {
  const bench = new EndsBench();
  bench.jailMs = 10 * MINUTE_MS;
  bench.rowEndsInMs = -5 * MINUTE_MS;
  // Written before that end: read late.
  strictEqual(await bench.end(bench.line(8 * MINUTE_MS)), -5 * MINUTE_MS);
  // Written after it: its own row is yet to come.
  strictEqual(await bench.end(bench.line(2 * MINUTE_MS)), 8 * MINUTE_MS);
});

Deno.test("BanExpiry waits for the row where the line has no date", async () => {
  const bench = new EndsBench();
  bench.jailMs = 10 * MINUTE_MS;
  const startMs = bench.clock.nowMs();
  const end = bench.ends.endOf(BAN, UNDATED, NEVER);
  await bench.clock.advance(30);
  bench.rowEndsInMs = 3 * MINUTE_MS;
  await bench.clock.advance(100);
  strictEqual(await end - startMs, 3 * MINUTE_MS);
  deepStrictEqual(bench.log.records, []);
});

Deno.test("BanExpiry gives a ban without a date, whose row is over, no new time", async () => {
  const bench = new EndsBench();
  bench.jailMs = 10 * MINUTE_MS;
  bench.rowEndsInMs = -5 * MINUTE_MS;
  strictEqual(await bench.end(UNDATED), -5 * MINUTE_MS);
  deepStrictEqual(bench.log.records, []);
});

Deno.test("BanExpiry says what it assumes, once a minute, and does not wait for rows in vain each time", async () => {
  const bench = new EndsBench();
  strictEqual(await bench.end(bench.line(4 * MINUTE_MS)), 6 * MINUTE_MS);
  const askedOnce = bench.rowsAsked;
  strictEqual(await bench.end(UNDATED), 10 * MINUTE_MS);
  strictEqual(bench.rowsAsked - askedOnce, 2);
  strictEqual(bench.ends.assumed, 2);
  deepStrictEqual(bench.log.records, [{
    severity: "warning",
    event: "the time of a ban is assumed",
    fields: { jail: "sshd", since: "its line", seconds: 600, from: "bantime" },
  }]);
  await bench.clock.advance(MINUTE_MS);
  bench.jailMs = 5 * MINUTE_MS;
  strictEqual(await bench.end(UNDATED), 5 * MINUTE_MS);
  deepStrictEqual(bench.log.records.at(-1)?.fields, {
    jail: "sshd",
    since: "now",
    seconds: 300,
    from: "the jail",
  });
});

Deno.test("BanExpiry counts from now where the line was written in the future", async () => {
  const bench = new EndsBench();
  bench.jailMs = 10 * MINUTE_MS;
  strictEqual(await bench.end(bench.line(-2 * 60 * MINUTE_MS)), 10 * MINUTE_MS);
  strictEqual(bench.ends.assumed, 1);
});

Deno.test("BanExpiry takes an increased ban's end from its line", async () => {
  const bench = new EndsBench();
  bench.rowEndsInMs = MINUTE_MS;
  const HOUR_MS = 60 * MINUTE_MS;
  const startMs = bench.clock.nowMs();
  const increase = (endMs: number) =>
    `fail2ban.observer [9]: NOTICE [sshd] Increase Ban 192.0.2.1 (2 # 4h -> ${
      localTime(endMs)
    })`;
  strictEqual(
    await bench.end(increase(startMs + 3 * HOUR_MS), 4 * HOUR_MS),
    3 * HOUR_MS,
  );
  strictEqual(
    await bench.end(`${bench.line(HOUR_MS)} (2 # 4h -> infinite)`, 4 * HOUR_MS),
    3 * HOUR_MS,
  );
  // Another clock wrote it.
  strictEqual(
    await bench.end(increase(startMs + 9 * HOUR_MS), 4 * HOUR_MS),
    4 * HOUR_MS,
  );
  strictEqual(await bench.end(UNDATED, Infinity), Infinity);
});

Deno.test("BanExpiry.endOf() ends at once when aborted", async () => {
  const bench = new EndsBench();
  const stop = new AbortController();
  const reason = new Error("stopped");
  const ending = rejects(bench.ends.endOf(BAN, UNDATED, stop.signal), reason);
  await settled();
  stop.abort(reason);
  await ending;
  strictEqual(bench.clock.delays, 0);
});
