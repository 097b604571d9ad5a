/**
 * The maximum number of a subscriber's bans in nftables, end to end: a new
 * replica, a start with all bans in force, a ban, a lift, and repairs after
 * manual changes; compared with `nft` itself.
 *
 * @module
 */

import { NFT_TABLE } from "../lib/nftables/nft_names.ts";
import { operate } from "../tests/support/cluster/operator.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { NetworkNamespace } from "../tests/support/host/network_namespace.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import type { StatusFigures } from "../lib/service/status_report.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { fillStore } from "../tests/support/store/filled_store.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

/** `--bans=100000` measures fewer bans. */
const ASKED = Deno.args.find((arg) => arg.startsWith("--bans="))?.slice(7);
const BANS = ASKED === undefined ? sized(1_000_000, 2_000) : Number(ASKED);
const HOST = "host-b";
/** Number of bans and lifts, of which the median counts. */
const ROUNDS = sized(5, 1);
const MIB = 1 << 20;
const LONG_MS = 600_000;

/** A publisher and a subscriber in one network namespace. */
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

/** Waits until all bans are verified as in force. */
async function allInForce({ cluster }: World): Promise<void> {
  await waitUntil(async () => {
    const figures = await cluster.peek("subscriber", HOST);
    const inForce = Number(figures?.["nftables.inForce"]);
    return figures?.["nftables.missing"] === 0 &&
      inForce + Number(figures["nftables.protected"]) >= BANS;
  }, { what: `${BANS} bans in force`, timeoutMs: LONG_MS, intervalMs: 50 });
}

/** The sets of single addresses with their elements. */
type Listed = ReadonlyMap<string, readonly string[]>;

/** Lists all sets with `nft`. */
async function listedSets({ namespace }: World): Promise<Listed> {
  const names = await namespace.run("nft", "--terse", "list", "sets");
  const listed = new Map<string, readonly string[]>();
  for (const [, set = ""] of names.matchAll(/set (banned4\S*) \{/g)) {
    const text = await namespace.run(
      ...["nft", "--json", "list", "set", "inet", NFT_TABLE, set],
    );
    const elements = text.matchAll(/"val": "([^"]+)"/g);
    listed.set(set, Array.from(elements, ([, ip = ""]) => ip));
  }
  return listed;
}

/** Adds all elements to a new table at once with `nft`. */
async function nftAddsAll(world: World, listed: Listed): Promise<number> {
  let script = "add table inet aside\n";
  for (const [set, ips] of listed) {
    script += `add set inet aside ${set} { type ipv4_addr; flags timeout; }\n`;
    if (ips.length === 0) continue;
    const elements = ips.map((ip) => `${ip} timeout 86000s`).join(", ");
    script += `add element inet aside ${set} { ${elements} }\n`;
  }
  const seconds = await secondsOf(() => nft(world, script));
  await nft(world, "delete table inet aside\n");
  return seconds;
}

/** Adds and deletes one element of an unrelated table with `nft`. */
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

/**
 * Runs an operator's command, and waits until the given number of bans is in
 * force.
 */
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

/** The repair of a manual change. */
interface Repair {
  /** Seconds until `status` reports missing bans. */
  readonly told: number;
  /** Seconds until `status` reports all bans again. */
  readonly back: number;
  /** Number of missing bans. */
  readonly missing: number;
  /** Peak memory of the subscriber, in MiB. */
  readonly mebibytes: number;
}

/** Makes a manual change, and waits until `status` reports all bans again. */
async function repairing(
  world: World,
  pid: number,
  byHand: string,
): Promise<Repair> {
  const { cluster } = world;
  const before = await cluster.figures("subscriber", HOST);
  const missingOf = (figures: StatusFigures | undefined) =>
    Number(figures?.["nftables.missing"]) - Number(before["nftables.missing"]);
  await nft(world, `${byHand}\n`);
  const startMs = performance.now();
  const since = () => (performance.now() - startMs) / 1_000;
  let told = NaN;
  const after = await waitUntil(async () => {
    const figures = await cluster.peek("subscriber", HOST);
    const isTold = missingOf(figures) > 0 ||
      Number(figures?.["nftables.inForce"]) <
        Number(before["nftables.inForce"]);
    if (isTold && Number.isNaN(told)) told = since();
    const isBack = missingOf(figures) > 0 &&
      figures?.["nftables.waiting"] === 0 &&
      figures["nftables.inForce"] === before["nftables.inForce"];
    return isBack ? figures : undefined;
  }, { what: `all after ${byHand}`, timeoutMs: LONG_MS, intervalMs: 20 });
  const back = since();
  const { peakBytes } = await processUsage(pid);
  return {
    ...{ told, back, missing: missingOf(after) },
    mebibytes: Math.round(peakBytes / MIB),
  };
}

/** The manual changes and their repairs. */
async function repairs(
  world: World,
  pid: number,
  listed: Listed,
): Promise<string[][]> {
  const [set = "", ips = []] = [...listed].at(-1) ?? [];
  const of = `inet ${NFT_TABLE} ${set}`;
  const rows: string[][] = [];
  for (
    const [what, byHand] of [
      ["one deleted", `delete element ${of} { ${ips[0]} }`],
      [`a set flushed`, `flush set ${of}`],
      ["the ruleset flushed", "flush ruleset"],
    ] as const
  ) {
    const { told, back, missing, mebibytes } = await repairing(
      ...[world, pid, byHand] as const,
    );
    rows.push([
      `${what} by hand, ${missing} missing, until all is back`,
      shown(back),
      `${mebibytes} MiB; told after ${shown(told)}`,
    ]);
  }
  return rows;
}

function shown(seconds: number): string {
  return `${seconds.toFixed(seconds < 1 ? 3 : 1)} s`;
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

/**
 * Starts the subscriber. @returns Time until all bans were in force, and peak
 * memory.
 */
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
  let listed: Listed = new Map();
  const listing = await secondsOf(async () => {
    listed = await listedSets(world);
  });
  const repaired = await repairs(world, copied.child.pid, listed);
  await copied.child.end();
  const added = await nftAddsAll(world, listed);
  const again = await starting(world);
  await again.child.end();
  const row = (what: string, seconds: number, note = "") => [
    what,
    shown(seconds),
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
    row("nft alone lists them, set by set", listing),
    row("nft alone adds them to an empty table, at once", added),
    row("a ban of an operator", median(banned), `of ${ROUNDS}`),
    row("a lift", median(lifted), `of ${ROUNDS}`),
    row("nft alone adds and deletes one elsewhere", one, `of ${ROUNDS}`),
    ...repaired,
  ]);
}

if (import.meta.main) await benchNftCapacity();
