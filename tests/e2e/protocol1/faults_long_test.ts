import { ok, strictEqual } from "node:assert/strict";
import type { ChildProcess } from "../../support/host/child_process.ts";
import { appendLog, banLine } from "../../support/fail2ban/fail2ban_lines.ts";
import { heard, relayed } from "../../support/cluster/role_output.ts";
import { report, tally } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { burst, isOfBurst, startAll } from "../../support/cluster/bursts.ts";
import { timeStop } from "../../support/host/stop_time.ts";
import { pass } from "../../support/host/side_by_side.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";

const BURST_LINES = 2_000;

Deno.test("a publisher killed and started again mid-stream loses no report", async () => {
  await using cluster = await TestCluster.create();
  const { log, publisher, subscriber } = await startAll(cluster);
  const first = burst(0, BURST_LINES);
  await appendLog(log, first.text);
  await waitUntil(() => relayed(publisher).length > BURST_LINES / 4, {
    what: "a quarter of the burst",
  });
  await publisher.end("SIGKILL");
  const second = burst(BURST_LINES, 2 * BURST_LINES);
  await appendLog(log, second.text);
  await cluster.start("publisher", "hub");
  const sent = [...first.sent, ...second.sent];
  const figures = await waitUntil(async () => {
    const { submitted, acknowledged, reported } = await cluster.figures(
      "monitor",
      "host-a",
    );
    return Number(reported) > sent.length && submitted === acknowledged &&
      { submitted, acknowledged };
  }, { what: "every report acknowledged", timeoutMs: 30_000 });
  // A process that is killed takes the end of its own log with it; what it
  // acknowledged it has stored before.
  const { lost } = tally(sent, publishersBans(cluster));
  report("reports", { sent: sent.length, ...figures, lost });
  report(
    "at the subscriber, which was not connected for a while",
    tally(sent, heardAddresses(subscriber)),
  );
  strictEqual(lost, 0);
});

for (const signal of ["SIGTERM", "SIGKILL"] as const) {
  Deno.test(`a monitor ended by ${signal} mid-stream and started again loses no report`, async () => {
    await using cluster = await TestCluster.create();
    const { log, publisher, subscriber, monitor } = await startAll(cluster);
    const first = burst(0, BURST_LINES);
    await appendLog(log, first.text);
    await waitUntil(() => relayed(publisher).length > BURST_LINES / 4, {
      what: "a quarter of the burst",
    });
    const { code, tookMs, limitMs } = await timeStop(monitor, signal);
    if (signal === "SIGTERM") {
      strictEqual(code, 0);
      ok(tookMs < limitMs, `stopped in ${tookMs} ms, not ${limitMs}`);
    }
    const second = burst(BURST_LINES, 2 * BURST_LINES);
    await appendLog(log, second.text);
    await cluster.start("monitor", "host-a");
    const sent = [...first.sent, ...second.sent];
    await waitUntil(() => tally(sent, heardAddresses(subscriber)).lost === 0, {
      what: "all bans at host-b",
      timeoutMs: 30_000,
    });
    const figures = tally(sent, heardAddresses(subscriber));
    report("at the subscriber", { ...figures, stopMs: tookMs });
    strictEqual(figures.lost, 0);
  });
}

const ROTATIONS: Readonly<
  Record<string, (log: string) => Promise<void>>
> = {
  "rename and create": async (log) => {
    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(log, "");
  },
  "copy and truncate": async (log) => {
    await Deno.copyFile(log, `${log}.1`);
    await Deno.truncate(log);
  },
  "rename, created 1.5 s later": async (log) => {
    await Deno.rename(log, `${log}.1`);
    // The time itself: the original looks once a second, and missed such a log.
    await pass(1_500);
    await Deno.writeTextFile(log, "");
  },
  "three at once": async (log) => {
    for (const [from, to] of [[".2", ".3"], [".1", ".2"], ["", ".1"]]) {
      await Deno.rename(`${log}${from}`, `${log}${to}`).catch(ignoreMissing);
    }
    await Deno.writeTextFile(log, banLine("sshd", "198.19.0.1"));
    await Deno.rename(`${log}.1`, `${log}.2`);
    await Deno.rename(log, `${log}.1`);
    await Deno.writeTextFile(log, banLine("sshd", "198.19.0.2"));
  },
};

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}

Deno.test(`each rotation under bursts of ${BURST_LINES} lines loses nothing`, async (t) => {
  await using cluster = await TestCluster.create();
  const { log, publisher, subscriber } = await startAll(cluster);
  let from = 0;
  for (const [name, rotate] of Object.entries(ROTATIONS)) {
    await t.step(name, async () => {
      const before = burst(from, from + BURST_LINES);
      const after = burst(from + BURST_LINES, from + 2 * BURST_LINES);
      from += 2 * BURST_LINES;
      await appendLog(log, before.text);
      if (name === "copy and truncate") {
        // What is not read when the file is cut is lost to any reader.
        await waitUntil(
          () => tally(before.sent, relayed(publisher)).lost === 0,
          { what: "the burst before the cut", timeoutMs: 30_000 },
        );
      }
      await rotate(log);
      await appendLog(log, after.text);
      const sent = [...before.sent, ...after.sent];
      if (name === "three at once") sent.push("198.19.0.1", "198.19.0.2");
      await waitUntil(
        () => tally(sent, heardAddresses(subscriber)).lost === 0,
        { what: "all bans at host-b", timeoutMs: 30_000 },
      );
      const mine = new Set(sent);
      const figures = tally(
        sent,
        heardAddresses(subscriber).filter((address) => mine.has(address)),
      );
      const { connectionsLost } = await cluster.figures("monitor", "host-a");
      report(name, { ...figures, connectionsLost });
      strictEqual(figures.lost, 0);
      // By protocol 1 what had no answer for two seconds is said again.
      ok(figures.doubled === 0 || Number(connectionsLost) > 0);
    });
  }
});

function heardAddresses(subscriber: ChildProcess): string[] {
  return heard(subscriber).map((message) => message.split("|")[3] ?? "")
    .filter(isOfBurst);
}
