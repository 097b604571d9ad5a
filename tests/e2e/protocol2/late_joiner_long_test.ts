import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  appendLog,
  banLine,
  bansOf,
  testAddress,
  unbanLine,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { pass } from "../../support/host/side_by_side.ts";
import {
  copysBans,
  publishersBans,
} from "../../support/store/stored_tables.ts";
import { report, tally } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** A log keeps 10,000 lines for a reader that is late. */
const ACTIVE = 5_000;
const PER_SECOND = 50;
const JOINERS = ["host-b", "host-c"];
/** To join may take so many times as long as it took to report what is joined. */
const JOIN_TIMES = 5;
const DEADLINE_MS = 60_000;

/** Bans and unbans that go on, so many a second of each. */
async function goOn(log: string, signal: AbortSignal) {
  let done = 0;
  const startMs = performance.now();
  while (!signal.aborted) {
    const due = Math.floor((performance.now() - startMs) / 1_000 * PER_SECOND);
    for (; done < due; done++) {
      const ban = banLine("sshd", testAddress(ACTIVE + done));
      // The first are lifted, those of the snapshot, while others are banned.
      await appendLog(log, ban + unbanLine("sshd", testAddress(done)));
    }
    await pass(10);
  }
  return done;
}

Deno.test(`cases 1 and 2: subscribers join ${ACTIVE} bans while ${PER_SECOND} bans and unbans a second go on: their tables are the publisher's, each ban came once`, async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of ["hub", ...JOINERS]) await cluster.addHost(host);
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  await cluster.start("monitor", "host-a");
  const active = bansOf(0, ACTIVE);
  const loadingMs = performance.now();
  await appendLog(log, active.text);
  const seq = async () =>
    Number((await cluster.figures("publisher", "hub"))["seq"]);
  await waitUntil(async () => await seq() === ACTIVE, {
    what: `${ACTIVE} bans`,
    timeoutMs: DEADLINE_MS,
    intervalMs: 50,
  });
  const loadedMs = performance.now() - loadingMs;

  const stop = new AbortController();
  const going = goOn(log, stop.signal);
  // An unban is held for a second: by then they come all the time.
  await waitUntil(async () => await seq() > ACTIVE + 2 * PER_SECOND, {
    what: "bans and unbans",
    timeoutMs: DEADLINE_MS,
    intervalMs: 20,
  });
  const joined = await Promise.all(JOINERS.map(async (host) => {
    const child = await cluster.start("subscriber", host);
    const readyMs = performance.now();
    const behind = await seq();
    const figures = await waitUntil(async () => {
      const now = await cluster.peek("subscriber", host);
      return now?.["following"] === true && Number(now["seq"]) >= behind && now;
    }, { what: `the copy of ${host}`, timeoutMs: DEADLINE_MS, intervalMs: 5 });
    const ms = Math.round(performance.now() - readyMs);
    report(`${host} joins`, {
      ms,
      loadedMs,
      bans: figures["bans"],
      seq: figures["seq"],
    });
    return { child, ms };
  })).finally(() => stop.abort());
  const more = await going;

  const expected = bansOf(more, ACTIVE + more).sent;
  const sorted = [...expected].sort();
  const banned = bansOf(0, ACTIVE + more).sent;
  await waitUntil(() => String(publishersBans(cluster)) === String(sorted), {
    what: "the publisher's table",
    timeoutMs: DEADLINE_MS,
    intervalMs: 50,
  });
  for (const [at, { child, ms }] of joined.entries()) {
    const host = JOINERS[at] ?? "";
    await waitUntil(() => String(copysBans(cluster, host)) === String(sorted), {
      what: `the table of ${host}`,
      timeoutMs: DEADLINE_MS,
      intervalMs: 50,
    });
    const inForce = () => replay(heard(child));
    await waitUntil(() => inForce().active.length === sorted.length, {
      what: "every line",
      timeoutMs: DEADLINE_MS,
      intervalMs: 50,
    });
    const { active: now, repeated, lines } = inForce();
    report(`applied at ${host}`, { lines, repeated, ...tally(expected, now) });
    deepStrictEqual(now, sorted);
    strictEqual(repeated, 0);
    ok(lines <= banned.length + more);
    ok(ms < JOIN_TIMES * loadedMs, `${ms} ms, ${loadedMs} ms to report them`);
    const { snapshots } = await cluster.figures("subscriber", host);
    ok(Number(snapshots) >= 1, `${snapshots} snapshots`);
  }
});

/** What the lines come to: who is banned at last, and what came although it was so already. */
function replay(messages: readonly string[]) {
  const active = new Set<string>();
  let repeated = 0;
  for (const message of messages) {
    const [, , action, address = ""] = message.split("|");
    const isBan = action === "Ban";
    if (active.has(address) === isBan) repeated++;
    if (isBan) active.add(address);
    else active.delete(address);
  }
  return { active: [...active].sort(), repeated, lines: messages.length };
}
