import { deepStrictEqual, ok } from "node:assert/strict";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { report } from "../../support/bench/tally.ts";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { fillStore } from "../../support/store/filled_store.ts";
import {
  copysBans,
  publishersBans,
} from "../../support/store/stored_tables.ts";

const BANS = 100_000;
/** A restore takes no longer than so many times what it took to store the bans one after the other. */
const MAX_TIMES = 2;

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const startMs = performance.now();
  const result = await work();
  return [Math.round(performance.now() - startMs), result];
}

testWith(
  ["netns", "nftables"],
  "100,000 bans of a hub whose disk is destroyed come back from a subscriber's copy, and nftables loses none",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    await cluster.addHost("hub", {}, { within });
    await cluster.addHost("web2", {
      subscriber: { subscriberaction: "nftables" },
    }, { within });
    const [fillMs] = await timed(() =>
      fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] })
    );
    const publisher = await cluster.start("publisher", "hub");
    await cluster.start("subscriber", "web2");
    /** Some of the addresses are nobody's to ban. */
    const settled = async (count: number) =>
      await waitUntil(async () => {
        const figures = await cluster.figures("subscriber", "web2");
        const inForce = Number(figures["nftables.inForce"]);
        return inForce + Number(figures["nftables.protected"]) === count &&
          inForce;
      }, {
        what: `${count} bans in force or refused`,
        timeoutMs: 60_000,
        intervalMs: 200,
      });
    const inForce = await settled(BANS);
    const before = publishersBans(cluster);
    const [command = "", ...args] = within;
    await using watched = new ChildProcess({
      command,
      args: [...args, "stdbuf", "-oL", "nft", "monitor", "destroy", "elements"],
    });

    const backup = `${cluster.dir}/backup`;
    const [backupMs] = await timed(() => operate(cluster, `backup ${backup}`));
    await publisher.end("SIGKILL");
    await Deno.remove(cluster.stateDir("hub"), { recursive: true });
    const copy = `${cluster.stateDir("web2")}/replica.sqlite3`;
    const [restoreMs] = await timed(() =>
      operate(cluster, `restore ${backup} --from ${copy}`)
    );
    deepStrictEqual(publishersBans(cluster), before);

    const [readyMs] = await timed(() => cluster.start("publisher", "hub"));
    await operate(cluster, "ban 203.0.113.200");
    await waitUntil(() => copysBans(cluster, "web2").length === BANS + 1, {
      what: "the copy of the table that was restored",
      timeoutMs: 60_000,
      intervalMs: 200,
    });
    await waitUntil(
      async () =>
        Number(
          (await cluster.figures("subscriber", "web2"))["nftables.inForce"],
        ) === inForce + 1,
      { what: "one more ban in force", timeoutMs: 30_000, intervalMs: 200 },
    );
    // It is told of what is taken out.
    await operate(cluster, "unban 203.0.113.200");
    await waitUntil(
      () => watched.stdout.some((line) => line.includes("203.0.113.200")),
      { what: "the lift in nftables", timeoutMs: 30_000, intervalMs: 50 },
    );
    const lifted = watched.stdout.filter((line) =>
      line.includes("element") && !line.includes("203.0.113.200")
    );
    const bytes = (await Deno.stat(banStorePath(cluster.stateDir("hub")))).size;
    report("100,000 bans restored", {
      ...{ inForce, fillMs, backupMs, restoreMs, readyMs, bytes },
    });
    deepStrictEqual(lifted.slice(0, 5), []);
    ok(restoreMs < MAX_TIMES * fillMs, `${restoreMs} ms, filled in ${fillMs}`);
  },
);
