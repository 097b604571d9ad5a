/**
 * Bans in nftables: batches in one transaction each, compared with one call of
 * `nft` per ban.
 *
 * @module
 */

import type { HostBan } from "../lib/enforce/enforcer.ts";
import { hostBan } from "../tests/support/values/local_bans.ts";
import { NftHost } from "../tests/support/enforce/nft_host.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const BANS = sized(100_000, 2_000);
/** Number of single calls from which their duration is extrapolated. */
const SINGLE_CALLS = sized(100, 10);
const RUNS = sized(3, 1);
const GOAL_SECONDS = 3;
const HOUR_MS = 3_600_000;
/** A shell loop, so that only `nft` and its start are measured. */
const SINGLES =
  'for a; do nft "add element inet fail2ban_cluster banned4 { $a timeout 3600s }" || exit; done';
const NEVER = new AbortController().signal;

/** Addresses in an unfavourable order for search trees. */
function bans(): HostBan[] {
  return Array.from({ length: BANS }, (_, index) => {
    const place = index * 7_919 % BANS;
    const octets = [10, place >> 16, place >> 8 & 255, place & 255];
    return hostBan(octets.join("."), HOUR_MS);
  });
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}

/** Durations of one run, in seconds. */
interface Run {
  readonly apply: number;
  readonly again: number;
  readonly list: number;
  readonly singles: number;
}

async function run(all: readonly HostBan[]): Promise<Run> {
  await using host = await NftHost.create();
  const enforcer = host.enforcer();
  await enforcer.check(NEVER);
  const applyAll = async () => {
    for (let first = 0; first < all.length; first += enforcer.maxBansAtOnce) {
      const some = all.slice(first, first + enforcer.maxBansAtOnce);
      const failures = await enforcer.apply(some, NEVER);
      if (failures.length > 0) throw new Error(failures[0]?.reason);
    }
  };
  const apply = await seconds(applyAll);
  const again = await seconds(applyAll);
  const list = await seconds(async () => {
    const { length } = await enforcer.list(NEVER);
    if (length !== BANS) throw new Error(`${length} bans are in force`);
  });
  await enforcer.remove(NEVER);
  await enforcer.check(NEVER);
  const singles = await seconds(async () => {
    const some = all.slice(0, SINGLE_CALLS).map(({ address }) => address);
    await host.run("sh", "-c", SINGLES, "sh", ...some);
  });
  return { apply, again, list, singles };
}

/** Measures and prints. */
export async function benchNft(): Promise<void> {
  if (!isInstalled("netns") || !isInstalled("nftables")) {
    printTable("nftables", [["not measured: it takes root and nft"]]);
    return;
  }
  const all = bans();
  const runs: Run[] = [];
  for (let index = 0; index < RUNS; index++) runs.push(await run(all));
  printFigures(runs);
}

function printFigures(runs: readonly Run[]): void {
  const middle = (part: keyof Run) => median(runs.map((each) => each[part]));
  const apply = middle("apply");
  const singles = middle("singles") * BANS / SINGLE_CALLS;
  const row = (name: string, took: number, note = "") => [
    name,
    `${took.toFixed(2)} s`,
    `${Math.round(BANS / took)} bans/s`,
    note,
  ];
  const verdict = apply < GOAL_SECONDS ? "reached" : "missed";
  printTable(`${BANS} bans into nftables (median of ${RUNS} runs)`, [
    row("in batches", apply, `goal: under ${GOAL_SECONDS} s, ${verdict}`),
    row("the same again", middle("again")),
    row("listed", middle("list")),
    row("one nft call each", singles, `reckoned from ${SINGLE_CALLS}`),
    ["ratio", `${(singles / apply).toFixed(0)} times as fast`],
  ]);
}

if (import.meta.main) await benchNft();
