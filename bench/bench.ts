/**
 * `deno task bench`: measures speed and size. Ratios and medians count;
 * absolute figures depend on the machine and the moment. `deno task bench
 * --short` does only enough to show that the benchmarks work, and that none is
 * far from its goal. `deno task bench NAME...` runs only some of them.
 *
 * The last table compares each figure with the machine's limit in the same run.
 * The exit code is 1 if a benchmark fails, or if a ratio is over four times its
 * goal in three tries.
 *
 * @module
 */

import { benchBanStore } from "./ban_store_bench.ts";
import { benchCluster } from "./cluster_bench.ts";
import { benchCurve } from "./curve_bench.ts";
import { benchEngine } from "./engine_bench.ts";
import { benchFail2ban } from "./fail2ban_bench.ts";
import { bestTry, isFarOver, type Outcome, tableOf } from "./figure.ts";
import { printTable } from "./figures.ts";
import { benchLogLine } from "./log_line_bench.ts";
import { benchNft } from "./nft_bench.ts";
import { benchNftCapacity } from "./nft_capacity_bench.ts";
import { benchNftFill } from "./nft_fill_bench.ts";
import { benchProtection } from "./protection_bench.ts";
import { benchPage } from "./page_bench.ts";
import { benchBurst } from "./protocol2_burst.ts";
import { benchCrowd } from "./protocol2_crowd.ts";
import { benchFollow } from "./protocol2_follow.ts";
import { benchJoiner } from "./protocol2_joiner.ts";
import { benchLatency } from "./protocol2_latency.ts";
import { benchListeners } from "./protocol2_listeners.ts";
import { benchReceipts } from "./protocol2_receipts.ts";
import { benchStart } from "./protocol2_start.ts";
import { benchLag } from "./publisher_lag.ts";
import { SEED } from "./random_inputs.ts";
import { benchRestart } from "./restart_bench.ts";
import { benchScale } from "./scale_bench.ts";
import { benchScrape } from "./scrape_bench.ts";
import { benchWireV2 } from "./wire_v2_bench.ts";

/** Prints measurements; returns the figures with a limit and a goal. */
type Benchmark = () => Promise<readonly Outcome[]>;

/** A benchmark that only prints: its figures have no goal. */
function printing(measure: () => unknown): Benchmark {
  return async () => {
    await measure();
    return [];
  };
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  log: benchLogLine,
  cluster: benchCluster,
  store: benchBanStore,
  protection: printing(benchProtection),
  wire: printing(benchWireV2),
  curve: printing(benchCurve),
  fail2ban: printing(benchFail2ban),
  nft: printing(benchNft),
  fill: benchNftFill,
  capacity: printing(benchNftCapacity),
  restart: printing(benchRestart),
  joiner: benchJoiner,
  burst: printing(benchBurst),
  crowd: benchCrowd,
  listeners: benchListeners,
  follow: printing(benchFollow),
  latency: benchLatency,
  receipts: printing(benchReceipts),
  start: benchStart,
  lag: benchLag,
  scrape: benchScrape,
  page: benchPage,
  engine: benchEngine,
  scale: printing(benchScale),
};

/** The benchmarks named on the command line; all by default. */
function chosen(args: readonly string[]): readonly string[] {
  const names = args.filter((arg) => !arg.startsWith("--"));
  const unknown = names.find((name) => BENCHMARKS[name] === undefined);
  if (unknown !== undefined) {
    throw new TypeError(
      `No benchmark "${unknown}"; there are ${
        Object.keys(BENCHMARKS).join(" ")
      }`,
    );
  }
  return names.length > 0 ? names : Object.keys(BENCHMARKS);
}

/** Runs benchmarks in sequence. @returns Whether all succeeded. */
async function runAll(names: readonly string[]): Promise<boolean> {
  printTable("random inputs", [[`--seed=${SEED} gives the same again`]]);
  const outcomes: Outcome[] = [];
  const broken: string[] = [];
  for (const name of names) {
    try {
      outcomes.push(...await bestTry(BENCHMARKS[name] ?? printing(() => {})));
    } catch (error) {
      broken.push(name);
      printTable(`${name} does not run`, [[Deno.inspect(error)]]);
    }
  }
  printTable("against the limit", tableOf(outcomes));
  if (broken.length > 0) printTable("do not run", broken.map((name) => [name]));
  return broken.length === 0 && !outcomes.some(isFarOver);
}

if (import.meta.main && !await runAll(chosen(Deno.args))) Deno.exit(1);
