/**
 * The costs of a publisher and a subscriber as bans and subscribers grow: the
 * figures of docs/SCALE.md. Each number of bans has one run with its own
 * cluster. Bytes on the wire are those of the loopback interface, so nothing
 * else may use it meanwhile.
 *
 * @module
 */

import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { processUsage } from "../tests/support/host/process_usage.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { printTable } from "./figures.ts";
import {
  type ListenersFigures,
  measureListeners,
} from "./protocol2_listeners.ts";
import { addressAt, BenchCluster, fillStore } from "./protocol2_setup.ts";
import { sized } from "./size.ts";

const BANS = sized<readonly number[]>(
  [0, 10_000, 100_000, 1_000_000],
  [0, 1_000],
);
const SUBSCRIBERS = sized<readonly number[]>([10, 100, 300], [10]);
const EVENTS_PER_SECOND = sized(100, 20);
const WARM_UP = sized(5_000, 500);
const EVENTS = sized(20_000, 1_000);
/** Highest CPU share of an idle program. */
const IDLE_SHARE = 0.05;
const SETTLE_INTERVAL_MS = 500;
const SETTLE_TIMEOUT_MS = 60_000;
const STATUS_INTERVAL_MS = 50;

/** The measurements by row name, in seconds, bytes, or either per event. */
type Column = Readonly<Record<string, Quantity>>;

interface Quantity {
  readonly value: number;
  readonly unit: "s" | "B" | "s of an event" | "B of an event";
}

/** The costs of some work. */
interface Cost {
  readonly seconds: number;
  /** CPU time of each program, in the order of their names. */
  readonly cpuSeconds: readonly number[];
  readonly loopbackBytes: number;
}

/** Measures the costs of some work in some programs. */
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

/** Waits until a program is idle: after a start it still has to count. */
async function settled(pid: number): Promise<void> {
  let was = -Infinity;
  await waitUntil(async () => {
    const [now = 0] = await usedBy([pid]);
    const used = now - was;
    was = now;
    return used <= IDLE_SHARE * SETTLE_INTERVAL_MS / 1_000;
  }, {
    what: `${pid} at rest`,
    timeoutMs: SETTLE_TIMEOUT_MS,
    intervalMs: SETTLE_INTERVAL_MS,
  });
}

async function loopbackBytes(): Promise<number> {
  const path = "/sys/class/net/lo/statistics/rx_bytes";
  return Number(await Deno.readTextFile(path));
}

/** Bytes that a process has written to disk. */
async function writtenBytes(pid: number): Promise<number> {
  const text = await Deno.readTextFile(`/proc/${pid}/io`);
  return Number(/^write_bytes: (\d+)$/m.exec(text)?.[1]);
}

/** A cluster whose publisher already has bans. */
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
    await settled(pid);
    const [all] = await usedBy([pid]);
    const { residentBytes } = await processUsage(pid);
    const { size } = await Deno.stat(this.#cluster.storePath);
    return {
      "publisher: start, CPU": inS(cpuSeconds[0]),
      "publisher: start, CPU until it rests": inS(all),
      "publisher: start, until it answers": inS(seconds),
      "publisher: resident": inB(residentBytes),
      "publisher: file": inB(size),
    };
  }

  /** @param isFirst Whether the subscriber has no replica yet. */
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
          STATUS_INTERVAL_MS,
        );
      },
    );
    await settled(pids[1] ?? 0);
    const [, all] = await usedBy(pids);
    const { residentBytes } = await processUsage(pids[1] ?? 0);
    await this.#cluster.stop("subscriber", "host-b");
    const how = isFirst ? "joins with nothing" : "starts with its copy";
    return {
      [`subscriber ${how}: CPU`]: inS(cpuSeconds[1]),
      [`subscriber ${how}: CPU until it rests`]: inS(all),
      [`subscriber ${how}: publisher's CPU`]: inS(cpuSeconds[0]),
      [`subscriber ${how}: until it follows`]: inS(seconds),
      [`subscriber ${how}: resident`]: inB(residentBytes),
      [`subscriber ${how}: on the wire`]: inB(loopbackBytes),
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
      "an event: publisher's CPU": inSOfEvent(publisher),
      "an event: monitor's CPU": inSOfEvent(reporter),
      "an event: wall time": inSOfEvent(seconds),
      "an event: on the wire": inBOfEvent(loopbackBytes),
      "an event: written to the disk": inBOfEvent(bytes),
    };
  }

  /** Logs new bans, and waits until they are acknowledged. */
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
      STATUS_INTERVAL_MS,
    );
  }
}

/**
 * Measures all costs with a number of bans.
 *
 * @param fill Fills a store. @default {fillStore}
 */
export async function measureBans(
  bans: number,
  fill: typeof fillStore = fillStore,
): Promise<Column> {
  await using cluster = await BenchCluster.create({ durability: "power" });
  await fill(cluster.storePath, bans);
  const scaled = new ScaledCluster(cluster, bans);
  return {
    ...await scaled.start(),
    ...await scaled.join(true),
    ...await scaled.join(false),
    ...await scaled.burst(),
  };
}

function inS(value = NaN): Quantity {
  return { value, unit: "s" };
}

function inB(value: number): Quantity {
  return { value, unit: "B" };
}

function inSOfEvent(seconds = NaN): Quantity {
  return { value: seconds / EVENTS, unit: "s of an event" };
}

function inBOfEvent(bytes: number): Quantity {
  return { value: bytes / EVENTS, unit: "B of an event" };
}

function shown({ value, unit }: Quantity): string {
  switch (unit) {
    case "s":
      return `${value.toFixed(2)} s`;
    case "B":
      return `${(value / 1e6).toFixed(1)} MB`;
    case "s of an event":
      return `${(value * 1e6).toFixed(1)} us`;
    case "B of an event":
      return `${Math.round(value)} B`;
  }
}

/** The cost of one more ban, or the ratio of the last to the first. */
function growth(first: Quantity, last: Quantity, bans: number): string {
  const more = (last.value - first.value) / bans;
  if (first.unit === "s") return `${(more * 1e6).toFixed(1)} us a ban`;
  if (first.unit === "B") return `${more.toFixed(0)} B a ban`;
  return `${(last.value / first.value).toFixed(2)} times`;
}

/** Measures and prints. */
export async function benchScale(): Promise<void> {
  const columns: Column[] = [];
  for (const bans of BANS) columns.push(await measureBans(bans));
  const [first = {}] = columns;
  const last = columns.at(-1) ?? {};
  printTable("as the bans grow (one run each)", [
    ["bans", ...BANS.map(String), "growth"],
    ...Object.entries(first).map(([what, least]) => [
      what,
      ...columns.map((column) => shown(column[what] ?? least)),
      growth(least, last[what] ?? least, BANS.at(-1) ?? 1),
    ]),
  ]);
  if (!isInstalled("pyzmq")) return;
  const crowds = await Array.fromAsync(
    SUBSCRIBERS,
    async (subscribers) =>
      await measureListeners({ subscribers, perSecond: EVENTS_PER_SECOND }),
  );
  const row = (what: string, of: (figures: ListenersFigures) => string) => [
    what,
    ...crowds.map(of),
  ];
  printTable(`as subscribers grow, ${EVENTS_PER_SECOND} events/s`, [
    ["subscribers", ...SUBSCRIBERS.map(String)],
    row("an event: publisher's CPU", (of) => `${of.publisherUs.toFixed(0)} us`),
    row("the publisher's own thread", (of) => `${of.mainPercent} %`),
    row("ZeroMQ's I/O thread", (of) => `${of.ioPercent} %`),
    row("everybody has everything", (of) => `${of.late.toFixed(2)} s after`),
    row("gaps", (of) => String(of.gaps)),
  ]);
}

if (import.meta.main) await benchScale();
