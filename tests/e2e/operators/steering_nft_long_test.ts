import { ok } from "node:assert/strict";
import { commandSocketPath } from "../../../lib/cli/command_socket.ts";
import type { OperatorRequest } from "../../../lib/wire/operator_messages.ts";
import { askPublisher } from "../../../roles/program/operator_socket.ts";
import { report } from "../../support/bench/tally.ts";
import { operate } from "../../support/cluster/operator.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { NetworkNamespace } from "../../support/host/network_namespace.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { fillStore } from "../../support/store/filled_store.ts";
import { address } from "../../support/values/core_values.ts";

const BANS = 10_000;
const ROUNDS = 20;
const HOSTS = ["web1", "web2"];
/** From the order to the moment at which both hosts have it gone, on a quiet machine. */
const MAX_P50_MS = 100;
/** And so many times as long as one call of `nft` takes that asks for nothing, in the same minute. */
const MAX_CALLS = 10;

/** Each host's table, in one network: the hub is reached over its loopback. */
function tableOf(host: string): string {
  return `fail2ban_${host}`;
}

/** What nftables says of a table, as it happens. */
function watchTable({ within }: NetworkNamespace): ChildProcess {
  const [command = "", ...args] = within;
  const watching = ["stdbuf", "-oL", "nft", "monitor", "destroy", "elements"];
  return new ChildProcess({ command, args: [...args, ...watching] });
}

async function waitInForce(
  cluster: TestCluster,
  host: string,
  count: number,
): Promise<void> {
  await waitUntil(async () => {
    const figures = await cluster.figures("subscriber", host);
    const inForce = Number(figures["nftables.inForce"]);
    return inForce + Number(figures["nftables.protected"]) === count;
  }, {
    what: `${count} bans on ${host}`,
    timeoutMs: 60_000,
    intervalMs: 100,
  });
}

testWith(
  ["netns", "nftables"],
  "what an operator lifts is gone in nftables on two hosts at once, beside 10,000 bans",
  async () => {
    await using namespace = await NetworkNamespace.create();
    await using cluster = await TestCluster.create({ protocol: 2 });
    const { within } = namespace;
    await cluster.addHost("hub", {}, { within });
    for (const host of HOSTS) {
      await cluster.addHost(host, {
        subscriber: {
          subscriberaction: "nftables",
          nfttable: tableOf(host),
        },
      }, { within });
    }
    await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
    await cluster.start("publisher", "hub");
    for (const host of HOSTS) await cluster.start("subscriber", host);
    for (const host of HOSTS) await waitInForce(cluster, host, BANS);
    await using watched = watchTable(namespace);

    const path = commandSocketPath(`${cluster.dir}/hub/publisher.pid`);
    const tookMs: number[] = [];
    const callsMs: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      const banned = `203.0.113.${round}`;
      await operate(cluster, `ban ${banned}`);
      // It is told of what a ban replaces, too.
      const from = watched.stdout.length;
      const goneOn = (host: string) =>
        watched.stdout.slice(from).some((line) =>
          line.includes(tableOf(host)) && line.includes(`{ ${banned} }`)
        );
      const order: OperatorRequest = {
        ...{ kind: "unban", by: "a test", address: address(banned) },
        ...{ node: null, jail: null, local: false },
      };
      const startMs = performance.now();
      const answered = Array.fromAsync(askPublisher(path, order));
      await waitUntil(() => HOSTS.every(goneOn), {
        what: `${banned} gone on both hosts`,
        timeoutMs: 10_000,
        intervalMs: 1,
      });
      tookMs.push(performance.now() - startMs);
      await answered;
      const calledMs = performance.now();
      await namespace.run("nft", "--version");
      callsMs.push(performance.now() - calledMs);
    }
    const [p50Ms, callMs] = [middle(tookMs), middle(callsMs)];
    const limitMs = Math.max(MAX_P50_MS, MAX_CALLS * callMs);
    report("lifted beside 10,000 bans", {
      ...{ rounds: ROUNDS, p50Ms, maxMs: Math.max(...tookMs) },
      ...{ callMs, limitMs },
    });
    ok(p50Ms < limitMs, `p50 ${p50Ms} ms, not ${limitMs}`);
  },
);

function middle(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[values.length >> 1] ?? NaN);
}
