import { ok, strictEqual } from "node:assert/strict";
import { median } from "../../../bench/figures.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import {
  appendLog,
  banLine,
  testAddress,
} from "../../support/fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { fillStore } from "../../support/store/filled_store.ts";

const BANS = 100_000;
const KILLS = 5;
/**
 * Where an empty hub is back after a third of a second this is 2.5 s, and 3 s
 * with the pause of its unit.
 */
const MAX_TIMES = 7;

/**
 * Kills a hub again and again.
 *
 * @returns Milliseconds from its start to the acknowledgement of a ban that
 * its node reports meanwhile; a median.
 */
async function backAfterMs(bans: number): Promise<number> {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("web1");
  await appendLog(cluster.logPath("web1"), "");
  await fillStore(cluster.stateDir("hub"), { bans, nodes: [] });
  let publisher = await cluster.start("publisher", "hub");
  await cluster.start("monitor", "web1");
  await cluster.start("subscriber", "web1");
  /** Resolves once one more ban is acknowledged. */
  const reported = async (count: number) => {
    const line = banLine("sshd", testAddress(count));
    await appendLog(cluster.logPath("web1"), line);
    await waitUntil(async () => {
      const { acknowledged } = await cluster.figures("monitor", "web1");
      return acknowledged === count;
    }, { what: `${count} bans acknowledged`, intervalMs: 10 });
  };
  await reported(1);
  const took: number[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    strictEqual((await publisher.end("SIGKILL")).signal, "SIGKILL");
    const startMs = performance.now();
    [publisher] = await Promise.all([
      cluster.start("publisher", "hub"),
      reported(kill + 1).then(() => took.push(performance.now() - startMs)),
    ]);
    const figures = await cluster.figures("publisher", "hub");
    strictEqual(figures["bans"], bans + kill + 1);
  }
  return Math.round(median(took));
}

Deno.test("a hub of 100,000 bans that is killed takes reports again soon after its start", async () => {
  const emptyMs = await backAfterMs(0);
  const fullMs = await backAfterMs(BANS);
  report("back", { bans: BANS, fullMs, emptyMs });
  ok(fullMs < emptyMs * MAX_TIMES, `${fullMs} ms, ${emptyMs} without bans`);
});
