/**
 * Duration and remaining memory of a scrape of the publisher's metrics, and the
 * effect of scraping on a burst.
 *
 * @module
 */

import type { Outcome } from "./figure.ts";
import { printTable } from "./figures.ts";
import type { Scraped } from "./programs/scraping.ts";
import { sized } from "./size.ts";

const [NODES, JAILS, BANS] = [200, 50, sized(100_000, 10_000)];
const SCRAPES = sized(10_000, 200);
/** Prometheus's default scrape interval. */
const INTERVAL_MS = 15_000;

/** Measures in a separate process, for its own memory. */
export async function runScrapes(...numbers: number[]): Promise<Scraped> {
  const script = new URL("programs/scraping.ts", import.meta.url).href;
  const flags = ["--no-prompt", "--v8-flags=--expose-gc"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, script, ...numbers.map(String)],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Measures and prints. */
export async function benchScrape(): Promise<readonly Outcome[]> {
  const scraped = await runScrapes(NODES, JAILS, BANS, SCRAPES);
  const { medianMs, series, bytes, grownBytes } = scraped;
  const left = grownBytes / (SCRAPES * 0.9);
  const row = [series, bytes, medianMs, left].map((it) => it.toFixed(1));
  printTable(
    `A scrape: ${NODES} nodes, ${JAILS} jails, ${BANS} bans, ${SCRAPES} times`,
    [["series", "bytes", "median ms", "bytes left behind"], row],
  );
  return [
    {
      what: "a scrape",
      ...{ ours: medianMs, limit: 50, limitIs: "a bound", unit: "ms", goal: 1 },
    },
    {
      what: "what scraping every 15 s takes of the publisher's thread",
      ...{ ours: 100 * medianMs / INTERVAL_MS, limit: 2, goal: 1 },
      ...{ limitIs: "a bound", unit: "%" },
    },
    {
      what: "memory that a scrape leaves behind",
      ours: Math.max(0, left),
      ...{ limit: bytes, limitIs: "its text", unit: "bytes", goal: 0.01 },
    },
  ];
}
