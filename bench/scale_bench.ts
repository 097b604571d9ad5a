/**
 * What a publisher and a subscriber cost as the bans grow: the figures of
 * docs/SCALE.md. One run for each number of bans, each with a cluster of its
 * own; bytes on the wire are those of the loopback interface, so nothing else
 * may use it meanwhile.
 *
 * @module
 */

import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { printTable } from "./figures.ts";
import { addressAt, BenchCluster, fillStore } from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const BANS = [
  ...[0, 1_000, 10_000],
  ...sized<readonly number[]>([100_000, 1_000_000], []),
];
const WARM_UP = sized(5_000, 500);
const EVENTS = sized(20_000, 1_000);

/** What one number of bans costs, by the name of the row in the table. */
type Column = Readonly<Record<string, string>>;

/** What something took. */
interface Cost {
  readonly seconds: number;
  /** Of each program, in the order they were named. */
  readonly cpuSeconds: readonly number[];
  readonly loopbackBytes: number;
}

/** Measures what some programs take for something. */
async function costOf(
  pids: () => readonly number[],
  work: () => Promise<unknown>,
): Promise<Cost> {
  const before = await usedBy(pids());
  const bytes = await loopbackBytes();
  const startMs = performance.now();
  await work();
  const seconds = (performance.now() - startMs) / 1_000;
  const after = await usedBy(pids());
  return {
    seconds,
    cpuSeconds: after.map((used, at) => used - (before[at] ?? 0)),
    loopbackBytes: await loopbackBytes() - bytes,
  };
}

async function usedBy(pids: readonly number[]): Promise<readonly number[]> {
  const usages = await Promise.all(pids.map(processUsage));
  return usages.map(({ cpuSeconds }) => cpuSeconds);
}

async function loopbackBytes(): Promise<number> {
  const path = "/sys/class/net/lo/statistics/rx_bytes";
  return Number(await Deno.readTextFile(path));
}

/** What a process had the disk write, in bytes. */
async function writtenBytes(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/io`);
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
}

/** A cluster with a publisher that has so many bans already. */
class ScaledCluster {
  readonly #cluster: BenchCluster;
  readonly #bans: number;
  #publisher = 0;

  constructor(cluster: BenchCluster, bans: number) {
    this.#cluster = cluster;
    this.#bans = bans;
  }

  async start(): Promise<Column> {
    const pids: number[] = [];
    const { seconds, cpuSeconds } = await costOf(
      () => pids,
      async () => pids.push(await this.#cluster.start("publisher", "hub")),
    );
    const [pid = 0] = pids;
    this.#publisher = pid;
    const { residentBytes } = await processUsage(pid);
    const { size } = await Deno.stat(this.#cluster.storePath);
    return {
      "publisher: start, CPU": inSeconds(cpuSeconds[0]),
      "publisher: start, until it answers": inSeconds(seconds),
      "publisher: resident": inMegabytes(residentBytes),
      "publisher: file": inMegabytes(size),
    };
  }

  /** @param isFirst Whether the subscriber has no copy of its own yet. */
  async join(isFirst: boolean): Promise<Column> {
    const pids = [this.#publisher];
    const { seconds, cpuSeconds, loopbackBytes } = await costOf(
      () => pids,
      async () => {
        pids.push(await this.#cluster.start("subscriber", "host-b"));
        await this.#cluster.until(
          "subscriber",
          "host-b",
          ({ following, bans }) => following === true && bans === this.#bans,
        );
      },
    );
    const { residentBytes } = await processUsage(pids[1] ?? 0);
    await this.#cluster.stop("subscriber", "host-b");
    const how = isFirst ? "joins with nothing" : "starts with its copy";
    return {
      [`subscriber ${how}: CPU`]: inSeconds(cpuSeconds[1]),
      [`subscriber ${how}: publisher's CPU`]: inSeconds(cpuSeconds[0]),
      [`subscriber ${how}: until it follows`]: inSeconds(seconds),
      [`subscriber ${how}: resident`]: inMegabytes(residentBytes),
      [`subscriber ${how}: on the wire`]: inMegabytes(loopbackBytes),
    };
  }

  async burst(): Promise<Column> {
    const monitor = await this.#cluster.start("monitor", "host-a");
    await this.#report(0, WARM_UP);
    const written = await writtenBytes(this.#publisher);
    const { seconds, cpuSeconds, loopbackBytes } = await costOf(
      () => [this.#publisher, monitor],
      () => this.#report(WARM_UP, EVENTS),
    );
    const bytes = await writtenBytes(this.#publisher) - written;
    const [publisher, reporter] = cpuSeconds;
    return {
      "an event: publisher's CPU": inMicroseconds(publisher),
      "an event: monitor's CPU": inMicroseconds(reporter),
      "an event: wall time": inMicroseconds(seconds),
      "an event: on the wire": `${Math.round(loopbackBytes / EVENTS)} B`,
      "an event: written to the disk": `${Math.round(bytes / EVENTS)} B`,
    };
  }

  /** Has so many new bans in the log, and waits until they are acknowledged. */
  async #report(from: number, count: number): Promise<void> {
    const lines = Array.from(
      { length: count },
      (_, at) => banLine("sshd", addressAt(this.#bans + from + at)),
    );
    const log = this.#cluster.programs.logPath("host-a");
    await appendLog(log, lines.join(""));
    await this.#cluster.until(
      "monitor",
      "host-a",
      ({ acknowledged }) => acknowledged === from + count,
    );
  }
}

/** What everything costs with so many bans. */
export async function measureBans(bans: number): Promise<Column> {
  await using cluster = await BenchCluster.create({ durability: "power" });
  await fillStore(cluster.storePath, bans);
  const scaled = new ScaledCluster(cluster, bans);
  return {
    ...await scaled.start(),
    ...await scaled.join(true),
    ...await scaled.join(false),
    ...await scaled.burst(),
  };
}

function inSeconds(seconds = NaN): string {
  return `${seconds.toFixed(2)} s`;
}

function inMicroseconds(seconds = NaN): string {
  return `${(seconds * 1e6 / EVENTS).toFixed(1)} us`;
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Measures and prints. */
export async function benchScale(): Promise<void> {
  const columns: Column[] = [];
  for (const bans of BANS) columns.push(await measureBans(bans));
  printTable("as the bans grow (one run each)", [
    ["bans", ...BANS.map(String)],
    ...Object.keys(columns[0] ?? {}).map((what) => [
      what,
      ...columns.map((column) => column[what] ?? ""),
    ]),
  ]);
}

if (import.meta.main) await benchScale();
