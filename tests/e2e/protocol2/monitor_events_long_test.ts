import { deepStrictEqual } from "node:assert/strict";
import { ControlServer } from "../../support/cluster/control_server.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../../support/fail2ban/fail2ban_lines.ts";
import {
  type Fail2banServer,
  output,
} from "../../support/fail2ban/fail2ban_server.ts";
import { localTime } from "../../support/memory/memory_fail2ban.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const HOUR_SECONDS = 3_600;

/** Values of the section of a monitor that speaks protocol 2. */
function sectionOf(server: ControlServer, fail2ban?: Fail2banServer) {
  return {
    controlserver: server.url,
    fail2bansocket: fail2ban?.socketPath ?? "none",
    fail2bandb: fail2ban?.databasePath ?? "none",
  };
}

/** A line that was written now, or a while ago. */
function lineNow(address: string, agoMs = 0): string {
  const stamp = localTime(Date.now() - agoMs);
  return banLine("sshd", address).replace(/^\S+ \S+/, `${stamp},000`);
}

Deno.test("a publisher that is away, and a monitor that is killed meanwhile, lose no ban that still holds; those that are over are counted", async () => {
  await using cluster = await TestCluster.create();
  await using server = new ControlServer(cluster.members.publisherKeys);
  const monitor = { ...sectionOf(server), bantime: "1h" };
  await cluster.addHost("host-a", { monitor });
  const log = cluster.logPath("host-a");
  await appendLog(log, "a first line\n");
  const first = await cluster.start("monitor", "host-a");
  await waitForPlace(cluster);
  server.publisher.silent = true;
  const BANS = 500;
  const inForce: string[] = [];
  let text = "";
  for (let index = 0; index < BANS; index++) {
    const isOver = index % 5 === 0;
    const address = testAddress(index);
    text += lineNow(address, (isOver ? 2 : 0) * HOUR_SECONDS * 1_000);
    if (!isOver) inForce.push(address);
  }
  await appendLog(log, text);
  await waitUntil(async () => {
    const { submitted } = await cluster.figures("monitor", "host-a");
    return submitted === BANS;
  }, { what: "every report handed over", timeoutMs: 15_000 });
  await first.end("SIGKILL");
  await cluster.start("monitor", "host-a");
  server.publisher.silent = false;
  const figures = await waitUntil(async () => {
    const { acknowledged, expired, unanswered } = await cluster.figures(
      "monitor",
      "host-a",
    );
    return acknowledged === inForce.length && { expired, unanswered };
  }, { what: "every answer", timeoutMs: 30_000 });
  report("bans", { written: BANS, counted: inForce.length, ...figures });
  deepStrictEqual(figures, { expired: BANS - inForce.length, unanswered: 0 });
  deepStrictEqual(
    server.publisher.counted.map(({ address }) => address),
    inForce,
  );
});

/** Waits until a monitor has stored its place. */
async function waitForPlace(cluster: TestCluster): Promise<void> {
  const path = `${cluster.dir}/host-a/state/monitor.position`;
  await waitUntil(() => Deno.stat(path).then(() => true, () => false), {
    what: "a place",
    timeoutMs: 15_000,
  });
}

Deno.test("a monitor killed again and again under load, its log rotated and compressed meanwhile, has every event counted once", async () => {
  await using cluster = await TestCluster.create();
  await using server = new ControlServer(cluster.members.publisherKeys);
  await cluster.addHost("host-a", { monitor: sectionOf(server) });
  const log = cluster.logPath("host-a");
  await appendLog(log, "a first line\n");
  const ROUNDS = 5;
  const LINES = 1_000;
  const sent: string[] = [];
  let monitor = await cluster.start("monitor", "host-a");
  await waitForPlace(cluster);
  for (let round = 0; round < ROUNDS; round++) {
    const burst = Array.from(
      { length: LINES },
      (_, index) => testAddress(round * LINES + index),
    );
    sent.push(...burst);
    await appendLog(log, burst.map(lineNow).join(""));
    const enough = round * LINES + LINES / 4;
    await waitUntil(() => server.publisher.counted.length >= enough, {
      what: `${enough} events`,
      timeoutMs: 15_000,
    });
    await monitor.end("SIGKILL");
    // The oldest first, as logrotate does.
    for (let count = round; count > 0; count--) {
      await Deno.rename(`${log}.${count}.gz`, `${log}.${count + 1}.gz`);
    }
    await Deno.rename(log, `${log}.1`);
    await output("gzip", `${log}.1`);
    await appendLog(log, lineNow(`203.0.113.${round}`));
    sent.push(`203.0.113.${round}`);
    monitor = await cluster.start("monitor", "host-a");
  }
  await waitUntil(() => server.publisher.counted.length >= sent.length, {
    what: "every event",
    timeoutMs: 30_000,
  });
  const counted = server.publisher.counted.map(({ address }) => address);
  const repeats = server.publisher.batches.flat().length - counted.length;
  report("events", {
    written: sent.length,
    counted: counted.length,
    "sent again": repeats,
    kills: ROUNDS,
  });
  deepStrictEqual(counted, sent);
});
