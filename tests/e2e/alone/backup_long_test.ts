import { deepStrictEqual, ok } from "node:assert/strict";
import { operate } from "../../support/cluster/operator.ts";
import { report } from "../../support/bench/tally.ts";
import { SteadyMember } from "../../support/cluster/steady_member.ts";
import { steadyAddress } from "../../support/cluster/steady_node.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ProcessorShare } from "../../support/host/processor_share.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { fillStore } from "../../support/store/filled_store.ts";
import { publishersBans } from "../../support/store/stored_tables.ts";

const BANS = 100_000;
/** 200 events a second. */
const INTERVAL_MS = 5;
/** Answers until the publisher's code is compiled. */
const SAMPLE = 1_000;
/** What a backup may add to an answer, beside what the command adds that only asks, in milliseconds on a quiet machine. */
const MAX_DELAY_MS = 50;
/** Others who use the machine hold up one of them now and then; what a backup holds up it holds up each time. */
const BACKUPS = 5;

/** The publisher that makes the backups, and one that each is put back for. */
async function startHub() {
  const cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("spare");
  const reporting = cluster.members.add("steady");
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  const publisher = await cluster.start("publisher", "hub");
  return { cluster, reporting, publisher };
}

/** How many of a member's reports a backup has: all up to one of them. */
async function reportsIn(cluster: TestCluster, backup: string) {
  await Deno.remove(cluster.stateDir("spare"), { recursive: true });
  await operate(cluster, `restore ${backup}`, "spare");
  const bans = publishersBans(cluster, "spare");
  const reports = bans.length - BANS;
  const banned = new Set(bans);
  const missing = Array.from({ length: reports }, (_, at) => steadyAddress(at))
    .filter((address) => !banned.has(address));
  deepStrictEqual(missing, []);
  return reports;
}

Deno.test("a backup of 100,000 bans amid 200 events a second has every event up to one of them, and delays none", async () => {
  const { cluster, reporting, publisher } = await startHub();
  await using _cluster = cluster;
  await using steady = await SteadyMember.begin(reporting, INTERVAL_MS);
  await waitUntil(() => steady.answered > SAMPLE, { what: "it to be warm" });
  const isInTime: boolean[] = [];
  for (let round = 1; round <= BACKUPS; round++) {
    const backup = `${cluster.dir}/backup-${round}`;
    // The start of the operator's command takes a processor, too.
    const alone = await steady.during(() => operate(cluster, "status"));
    const before = steady.answered;
    const share = await ProcessorShare.of(publisher.pid);
    const { latency, bareMaxMs } = await steady.during(() =>
      operate(cluster, `backup ${backup}`)
    );
    const delayMs = MAX_DELAY_MS * await share.times();
    const limitMs = Math.round(alone.latency.maxMs + delayMs);
    const after = steady.answered;
    const reports = await reportsIn(cluster, backup);
    report(`backup ${round}`, { ...latency, limitMs, bareMaxMs, reports });
    report("  a status before it", { ...alone.latency });
    ok(before <= reports && reports <= after, `${[before, reports, after]}`);
    isInTime.push(latency.maxMs < limitMs);
  }
  ok(isInTime.includes(true), "every backup held up a report");
  deepStrictEqual(steady.odd, []);
});
