/**
 * The time until a ban in fail2ban's log is visible on the page in a real
 * browser, with many existing bans.
 *
 * @module
 */

import { Chromium } from "../tests/support/browser/chromium.ts";
import type { Tab } from "../tests/support/browser/tab.ts";
import { operate } from "../tests/support/cluster/operator.ts";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { freePort } from "../tests/support/host/test_ports.ts";
import type { Outcome } from "./figure.ts";
import { median, percentile, printTable } from "./figures.ts";
import { BenchCluster, fillStore } from "./protocol2_setup.ts";
import { addressAt, SEED } from "./random_inputs.ts";
import { sized } from "./size.ts";
import { SeededRandom } from "../tests/support/values/seeded_random.ts";

const STANDING = sized(10_000, 1_000);
const RUNS = sized(3, 1);
const EVENTS = sized(200, 15);
const WARM_UP = sized(20, 5);
/**
 * Average number of bans per second, at random times like those of many hosts.
 */
const PER_SECOND = 5;
const BOUND_MS = 100;
const WHAT = "log line to what the page shows, p99";

/** Records the time of each row's first frame, in milliseconds since 1970. */
const NOTE_FRAMES = `globalThis.seen = {};
  new MutationObserver((records) => {
    const found = records.flatMap(({ addedNodes }) => [...addedNodes])
      .map((row) => row.querySelector(".address").textContent);
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        for (const each of found) seen[each] ??= Date.now();
      };
      port2.postMessage(0);
    });
  }).observe(document.querySelector("main tbody"), { childList: true }), 0`;

/** Starts the programs, and a tab with the existing bans. */
async function open(
  cluster: BenchCluster,
  browser: Chromium,
  url: string,
): Promise<Tab> {
  await fillStore(cluster.storePath, STANDING);
  await cluster.start("publisher", "hub");
  await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  await cluster.until(
    "subscriber",
    "host-b",
    (figures) => figures["following"] === true,
  );
  const tab = await browser.open(url);
  await tab.untilShown("prints a code");
  await tab.type((await operate(cluster.programs, "page login")).trim());
  await tab.press("Enter");
  await tab.untilShown("the newest 200 are shown");
  await tab.value(NOTE_FRAMES);
  return tab;
}

/**
 * Bans addresses one by one. @returns Their delays in milliseconds, ascending.
 */
async function run(
  log: string,
  tab: Tab,
  addresses: readonly string[],
  random: SeededRandom,
): Promise<readonly number[]> {
  const begun: number[] = [];
  for (const address of addresses) {
    begun.push(Date.now());
    await appendLog(log, banLine("sshd", address));
    const share = (random.below(2 ** 32) + 1) / 2 ** 32;
    const untilNextMs = -Math.log(share) * 1_000 / PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, untilNextMs));
  }
  const wanted = JSON.stringify(addresses);
  await tab.until(`${wanted}.every((each) => each in seen)`);
  const seen = await tab.value(`${wanted}.map((each) => seen[each])`);
  return (seen as readonly number[])
    .map((at, index) => at - (begun[index] ?? NaN))
    .toSorted((left, right) => left - right);
}

/** Measures and prints. */
export async function benchPage(): Promise<readonly Outcome[]> {
  if (!isInstalled("chromium")) {
    return [{ what: WHAT, why: "chromium is not installed" }];
  }
  const url = `http://127.0.0.1:${freePort()}`;
  await using cluster = await BenchCluster.create({ pagebindurl: url });
  await using browser = await Chromium.start();
  await using tab = await open(cluster, browser, url);
  const log = cluster.programs.logPath("host-a");
  const random = new SeededRandom(SEED);
  let next = STANDING;
  const more = (count: number) =>
    Array.from({ length: count }, () => addressAt(next++));
  await run(log, tab, more(WARM_UP), random);
  const runs: (readonly number[])[] = [];
  for (let at = 0; at < RUNS; at++) {
    runs.push(await run(log, tab, more(EVENTS), random));
  }
  const shown = (percent: number) =>
    runs.map((took) => percentile(took, percent).toFixed(0));
  printTable(
    `A ban on the page, ${STANDING} standing, ${PER_SECOND} a second, ${RUNS} runs of ${EVENTS}`,
    [
      ["p50 ms", ...shown(50)],
      ["p90 ms", ...shown(90)],
      ["p99 ms", ...shown(99)],
      ["most ms", ...shown(100)],
    ],
  );
  return [{
    what: WHAT,
    ours: median(runs.map((took) => percentile(took, 99))),
    ...{ limit: BOUND_MS, limitIs: "a bound", unit: "ms", goal: 1 },
  }];
}
