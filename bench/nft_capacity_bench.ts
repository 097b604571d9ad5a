/**
 * As many bans as a subscriber takes, in nftables from end to end: the copy
 * that comes, a start with all of them in force, a ban, a lift and a repair;
 * beside each what `nft` itself takes.
 *
 * @module
 */

import { NFT_TABLE } from "../lib/nftables/nft_names.ts";
import { operate } from "../tests/support/cluster/operator.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../tests/support/host/network_namespace.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { fillStore } from "../tests/support/store/filled_store.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const BANS = sized(1_000_000, 2_000);
const HOST = "host-b";
/** Bans and lifts of which the middle one counts. */
const ROUNDS = sized(5, 1);
const MIB = 1 << 20;
const LONG_MS = 600_000;

/** A publisher and a subscriber in one network. */
interface World {
  readonly cluster: TestCluster;
  readonly namespace: NetworkNamespace;
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}

/** Runs `nft` with a script. */
async function nft({ namespace }: World, script: string): Promise<void> {
  const path = await Deno.makeTempFile({ prefix: "f2bc_" });
  await Deno.writeTextFile(path, script);
  await namespace.run("nft", "--file", path);
  await Deno.remove(path);
}

/** Waits until all bans are in force, and that is known for certain. */
async function allInForce({ cluster }: World): Promise<void> {
  await waitUntil(async () => {
    const figures = await cluster.peek("subscriber", HOST);
    const inForce = Number(figures?.["nftables.inForce"]);
    return figures?.["nftables.missing"] === 0 &&
      inForce + Number(figures["nftables.protected"]) >= BANS;
  }, { what: `${BANS} bans in force`, timeoutMs: LONG_MS, intervalMs: 50 });
}

/** Lists all sets, by `nft` itself. @returns How many elements it saw. */
async function listedSets({ namespace }: World): Promise<number> {
  const names = await namespace.run("nft", "--terse", "list", "sets");
  let elements = 0;
  for (const [, set = ""] of names.matchAll(/set (banned\S+) \{/g)) {
    const text = await namespace.run(
      ...["nft", "--json", "list", "set", "inet", NFT_TABLE, set],
    );
    elements += text.split('"elem": {').length - 1;
  }
  return elements;
}

/** One element in a set of another's table, added and deleted, by `nft` itself. */
async function nftAlone(world: World): Promise<number> {
  const element = "element inet aside seen { 198.51.100.99 }";
  const set = "add set inet aside seen { type ipv4_addr; }";
  await nft(world, `add table inet aside\n${set}\n`);
  return median(
    await rounds(() => nft(world, `add ${element}\ndelete ${element}\n`)),
  );
}

async function rounds(work: (round: number) => Promise<unknown>) {
  const seconds: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    seconds.push(await secondsOf(() => work(round)));
  }
  return seconds;
}

/** Has an operator say something, until so many bans are in force. */
async function operated(
  { cluster }: World,
  words: string,
  inForce: number,
): Promise<void> {
  await operate(cluster, words);
  await waitUntil(async () => {
    const figures = await cluster.peek("subscriber", HOST);
    return figures?.["nftables.inForce"] === inForce;
  }, { what: words, timeoutMs: LONG_MS, intervalMs: 5 });
}

/** Whether a set has an address. */
async function isInForce({ namespace }: World, set: string, ip: string) {
  const words = ["list", "set", "inet", NFT_TABLE, set];
  return (await namespace.run("nft", ...words)).includes(` ${ip} `);
}

/** Deletes one by hand. @returns The seconds until it is back. */
async function repairing(world: World): Promise<number> {
  const names = await world.namespace.run("nft", "--terse", "list", "sets");
  const set = /banned4_part5/.exec(names)?.[0] ?? "banned4";
  const text = await world.namespace.run(
    ...["nft", "list", "set", "inet", NFT_TABLE, set],
  );
  const ip = /(\d+\.\d+\.\d+\.\d+)/.exec(text)?.[1] ?? "";
  await nft(world, `delete element inet ${NFT_TABLE} ${set} { ${ip} }`);
  return await secondsOf(() =>
    waitUntil(() => isInForce(world, set, ip), {
      what: "the repair",
      timeoutMs: LONG_MS,
      intervalMs: 20,
    })
  );
}

async function started(world: World): Promise<World> {
  const { cluster, namespace: { within } } = world;
  await cluster.addHost("hub", {}, { within });
  const subscriber = { subscriberaction: "nftables" };
  await cluster.addHost(HOST, { subscriber }, { within });
  await fillStore(cluster.stateDir("hub"), { bans: BANS, nodes: [] });
  await cluster.start("publisher", "hub");
  return world;
}

/** Starts the subscriber. @returns What it took until all was in force, and its peak of memory. */
async function starting(world: World) {
  const child = world.cluster.spawn("subscriber", HOST, "run");
  const seconds = await secondsOf(() => allInForce(world));
  const { peakBytes } = await processUsage(child.pid);
  return { child, seconds, mebibytes: Math.round(peakBytes / MIB) };
}

/** Measures and prints. */
export async function benchNftCapacity(): Promise<void> {
  if (!isInstalled("netns") || !isInstalled("nftables")) {
    printTable("nftables", [["not measured: it takes root and nft"]]);
    return;
  }
  await using namespace = await NetworkNamespace.create();
  await using cluster = await TestCluster.create({ protocol: 2 });
  const world = await started({ cluster, namespace });
  const copied = await starting(world);
  const figures = await cluster.figures("subscriber", HOST);
  const inForce = Number(figures["nftables.inForce"]);
  const one = await nftAlone(world);
  const banned = await rounds((round) =>
    operated(world, `ban 203.0.113.${round}`, inForce + round)
  );
  const lifted = await rounds((round) =>
    operated(world, `unban 203.0.113.${round}`, inForce + ROUNDS - round)
  );
  const repaired = await repairing(world);
  const { peakBytes } = await processUsage(copied.child.pid);
  await copied.child.end();
  const listed = await secondsOf(() => listedSets(world));
  const again = await starting(world);
  await again.child.end();
  const row = (what: string, seconds: number, note = "") => [
    what,
    `${seconds.toFixed(seconds < 1 ? 3 : 1)} s`,
    note,
  ];
  printTable(`${inForce} bans in nftables, end to end`, [
    row(
      "from nothing until all are in force",
      copied.seconds,
      `${copied.mebibytes} MiB`,
    ),
    row(
      "a start with all of them in force",
      again.seconds,
      `${again.mebibytes} MiB`,
    ),
    row("nft alone lists them, set by set", listed),
    row("a ban of an operator", median(banned), `of ${ROUNDS}`),
    row("a lift", median(lifted), `of ${ROUNDS}`),
    row("nft alone adds and deletes one elsewhere", one, `of ${ROUNDS}`),
    row(
      "deleted by hand, until it is back",
      repaired,
      `${Math.round(peakBytes / MIB)} MiB`,
    ),
  ]);
}

if (import.meta.main) await benchNftCapacity();
