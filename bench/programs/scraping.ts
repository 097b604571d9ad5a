/**
 * Scrapes a publisher's metrics repeatedly, and prints the duration and
 * remaining memory as JSON.
 *
 * usage: deno run --v8-flags=--expose-gc scraping.ts NODES JAILS BANS SCRAPES
 *
 * @module
 */

import type { Ban } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { PrometheusRegistry } from "../../lib/metrics/io/prometheus_registry.ts";
import {
  type PublisherFacts,
  publisherSamples,
} from "../../lib/metrics/publisher_samples.ts";
import { PublisherTally } from "../../lib/metrics/publisher_tally.ts";
import type { LiveNode, LiveRole } from "../../lib/wire/operator_status.ts";
import { address, host, jail } from "../../tests/support/values/core_values.ts";
import { testAddress } from "../../tests/support/fail2ban/fail2ban_lines.ts";
import { median } from "../figures.ts";

/** The measurements. */
export interface Scraped {
  readonly medianMs: number;
  readonly series: number;
  readonly bytes: number;
  /** Memory growth from all scrapes after the first tenth. */
  readonly grownBytes: number;
}

/** Heap size after a garbage collection. */
function heapBytes(): number {
  const { gc } = globalThis as { readonly gc?: () => void };
  if (gc === undefined) throw new Error("Run it with --expose-gc");
  gc();
  return Deno.memoryUsage().heapUsed;
}

function nodeAt(index: number): LiveNode {
  const role: LiveRole = {
    role: "subscriber",
    state: "ok",
    ...{ seenAgoMs: 0, version: "0.2.0", lag: 0, condition: null },
    ...{ toldAgoMs: 0, hasTwin: false },
  };
  return {
    ...{ node: host(`web${index}`), state: "ok", seenAgoMs: 0 },
    roles: [role, { ...role, role: "monitor", lag: null }],
    ...{ accepted: index, known: 0, refused: 0, reports: 9, aside: null },
  };
}

function* bansOf(count: number, jails: number): Generator<Ban> {
  for (let index = 0; index < count; index++) {
    const expiresMs = Infinity;
    const report = { firstMs: 0, lastMs: 0, expiresMs, origin: host("web1") };
    yield {
      jail: jail(`jail${index % jails}`),
      address: address(testAddress(index)),
      ...{ reports: [report], seq: index + 1, isPending: false },
    };
  }
}

async function main(numbers: readonly number[]): Promise<Scraped> {
  const [nodes = 0, jails = 1, bans = 0, scrapes = 1] = numbers;
  const registry = new PrometheusRegistry("publisher");
  const hostName = host("hub");
  const tally = new PublisherTally({ hostName, durations: registry });
  tally.noteTable(new BanTable(bansOf(bans, jails)).counts());
  const live = Array.from({ length: nodes }, (_, index) => nodeAt(index));
  for (const { node } of live) {
    const name = "f2bc_publisher_applied_delay_seconds";
    registry.observe(name, 0.01, { node });
  }
  const facts: PublisherFacts = {
    ...{ tally, seq: bans, epoch: "e" as Epoch, waiting: 0, nodes: live },
    counters: { changes: 0, unchanged: 0, unkept: 0, commits: 0 },
    ...{ imports: [], ports: [], listAnswers: undefined, storeBytes: 1 },
    ...{ lastBackupMs: 0, nowMs: 0, aheadMs: 0, engine: undefined },
  };
  const took: number[] = [];
  let [text, startBytes] = ["", 0];
  for (let count = 0; count < scrapes; count++) {
    if (count === Math.floor(scrapes / 10)) startBytes = heapBytes();
    const startMs = performance.now();
    text = await registry.render(publisherSamples(facts));
    took.push(performance.now() - startMs);
  }
  return {
    medianMs: median(took),
    series: text.split("\n").filter((line) => /^[a-z]/.test(line)).length,
    bytes: text.length,
    grownBytes: heapBytes() - startBytes,
  };
}

if (import.meta.main) {
  const scraped = await main(Deno.args.map(Number));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(scraped)));
}
