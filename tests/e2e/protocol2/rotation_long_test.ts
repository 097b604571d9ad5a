import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { output } from "../../support/fail2ban/fail2ban_server.ts";
import {
  appendLog,
  banLine,
  bansOf,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";
import { report, tally } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const LINES = 300;
const MOST_FILES = 9;
const DEADLINE_MS = 60_000;

/** Writes the next so many bans to a file. */
type Write = (path: string) => Promise<void>;

/** What happens to the log while the monitor is away; bans were written just before. */
const ROTATIONS: Readonly<
  Record<string, (log: string, write: Write) => Promise<void>>
> = {
  "renamed and made anew (case 11)": async (log, write) => {
    await Deno.rename(log, `${log}.1`);
    await write(`${log}.1`);
    await write(log);
  },
  "copied and cut (case 13)": async (log, write) => {
    await Deno.copyFile(log, `${log}.1`);
    await Deno.truncate(log);
    await write(log);
  },
  "copied, cut, and grown past the place (case 13)": async (log, write) => {
    const { size } = await Deno.stat(log);
    await Deno.copyFile(log, `${log}.1`);
    await Deno.truncate(log);
    do await write(log); while ((await Deno.stat(log)).size <= size);
  },
  "renamed twice, the older one compressed (case 12)": async (log, write) => {
    await Deno.rename(log, `${log}.1`);
    await write(log);
    await makeRoom(log);
    await output("gzip", `${log}.2`);
    await Deno.rename(log, `${log}.1`);
    await write(log);
  },
};

Deno.test("cases 11 to 13: the log is rotated, each way, while the monitor is away: every line is one ban", async (t) => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  let monitor = await cluster.start("monitor", "host-a");
  const sent: string[] = [];
  const write: Write = async (path) => {
    const more = bansOf(sent.length, sent.length + LINES);
    sent.push(...more.sent);
    await appendLog(path, more.text);
  };
  const addresses = () =>
    heard(subscriber).map((message) => message.split("|")[3] ?? "");
  const waitHeard = () =>
    waitUntil(() => addresses().length >= sent.length, {
      what: `${sent.length} bans at the subscriber`,
      timeoutMs: DEADLINE_MS,
      intervalMs: 20,
    });
  for (const [what, rotate] of Object.entries(ROTATIONS)) {
    await t.step(what, async () => {
      const from = sent.length;
      await write(log);
      await waitUntil(() => addresses().length > from, {
        what: "some of it",
        timeoutMs: DEADLINE_MS,
      });
      await monitor.end("SIGKILL");
      await write(log);
      await makeRoom(log);
      await rotate(log, write);
      monitor = await cluster.start("monitor", "host-a");
      await waitHeard();
      const known = await cluster.peek("publisher", "hub");
      report(what, {
        ...tally(sent.slice(from), addresses().slice(from)),
        known: known?.["protocol2.known"],
      });
      deepStrictEqual([...addresses()].sort(), [...sent].sort());
      strictEqual(
        monitor.stderr.filter((each) => / ERROR: .*(lost|gone|cut)/.test(each))
          .length,
        0,
      );
    });
  }
  await t.step(
    "removed and made anew: what is gone is told of (case 14)",
    async () => {
      await waitSettled(cluster);
      await monitor.end();
      await Deno.remove(log);
      await write(log);
      monitor = await cluster.start("monitor", "host-a");
      await waitHeard();
      report("removed and made anew", tally(sent, addresses()));
      deepStrictEqual([...addresses()].sort(), [...sent].sort());
      await monitor.waitForLine(/ ERROR: the log was rotated away/);
    },
  );
  await t.step("half a line when the monitor is killed (case 15)", async () => {
    const line = banLine("sshd", "203.0.113.100");
    await appendLog(log, line.slice(0, -3));
    await monitor.end("SIGKILL");
    monitor = await cluster.start("monitor", "host-a");
    await appendLog(log, line.slice(-3));
    sent.push("203.0.113.100");
    await waitHeard();
    report("half a line", tally(sent, addresses()));
    deepStrictEqual([...addresses()].sort(), [...sent].sort());
    deepStrictEqual(publishersBans(cluster), [...sent].sort());
  });
});

/** As logrotate does first: each older file gets the next number. */
async function makeRoom(log: string): Promise<void> {
  for (let number = MOST_FILES; number >= 1; number--) {
    for (const end of ["", ".gz"]) {
      const next = `${log}.${number + 1}${end}`;
      await Deno.rename(`${log}.${number}${end}`, next).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
}

async function waitSettled(cluster: TestCluster): Promise<void> {
  await waitUntil(
    async () => (await cluster.peek("monitor", "host-a"))?.["unanswered"] === 0,
    { what: "every answer", timeoutMs: DEADLINE_MS },
  );
}
