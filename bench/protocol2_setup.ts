/**
 * Common parts of the benchmarks of protocol 2: clusters of real programs,
 * filled stores, and the programs' status.
 *
 * @module
 */

import { MAX_EVENTS } from "../lib/wire/v2.ts";
import type { StoreEntry } from "../lib/ban/ban_store.ts";
import {
  banStorePath,
  SqliteBanStore,
} from "../lib/store/io/sqlite_ban_store.ts";
import { statusSocketPath } from "../lib/service/status_socket.ts";
import { askStatus } from "../roles/program/status_socket.ts";
import type { StatusFigures } from "../lib/service/status_report.ts";
import { host, jail } from "../tests/support/values/core_values.ts";
import { banLine } from "../tests/support/fail2ban/fail2ban_lines.ts";
import type { ChildProcess } from "../tests/support/host/child_process.ts";
import {
  answer,
  Fail2banPeer,
} from "../tests/support/fail2ban/fail2ban_peer.ts";
import {
  type RoleName,
  type Sections,
  TestCluster,
} from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { median } from "./figures.ts";
import { addressAt, eventIdAt } from "./random_inputs.ts";

/** The hosts without a publisher: `host-a` has the monitor. */
const NODES = ["host-a", "host-b"] as const;

const HOUR_MS = 3_600_000;
const STORE_AT_ONCE = 2_000;
const SETTLED_WITHIN_MS = 120_000;
/** fail2ban's answer of one hour, as a Python pickle. */
const AN_HOUR = "\x80\x02K\0M\x10\x0e\x86.";

export { addressAt } from "./random_inputs.ts";

/** A log file for a program: a terminal would cost time to draw. */
function logTarget(cluster: TestCluster, name: string): Sections[string] {
  return { logtarget: `${cluster.dir}/${name}.log` };
}

/** A cluster of protocol 2, with a peer in place of its fail2ban. */
export class BenchCluster implements AsyncDisposable {
  readonly programs: TestCluster;
  readonly #fail2ban: Fail2banPeer;
  readonly #running = new Map<string, ChildProcess>();

  private constructor(programs: TestCluster, fail2ban: Fail2banPeer) {
    this.programs = programs;
    this.#fail2ban = fail2ban;
  }

  /**
   * @param publisher Further settings of the publisher.
   * @param hubs The hosts with a publisher.
   */
  static async create(
    publisher: Sections[string] = {},
    hubs: readonly string[] = ["hub"],
  ): Promise<BenchCluster> {
    const cluster = await TestCluster.create({ protocol: 2 });
    const socket = `${cluster.dir}/fail2ban.sock`;
    const controlserver = placesOf(cluster.controlUrl, hubs);
    const streamserver = placesOf(cluster.streamUrl, hubs);
    for (const name of [...NODES, ...hubs]) {
      // The output of host-b's subscriber is read by many benchmarks.
      const general = name === "host-b" ? {} : logTarget(cluster, name);
      const at = Math.max(0, hubs.indexOf(name));
      await cluster.addHost(name, {
        general,
        monitor: {
          fail2bansocket: socket,
          controlserver: controlserver.join(", "),
        },
        subscriber: {
          controlserver: controlserver.join(", "),
          streamserver: streamserver.join(", "),
        },
        publisher: {
          ...publisher,
          controlbindurl: controlserver[at] ?? "",
          streambindurl: streamserver[at] ?? "",
        },
      });
    }
    await Deno.writeTextFile(cluster.logPath("host-a"), "");
    const peer = new Fail2banPeer(socket, async (connection) => {
      await answer(connection, AN_HOUR);
      return "keep";
    });
    return new BenchCluster(cluster, peer);
  }

  /**
   * Starts a program, and resolves once it answers. @returns Its process id.
   */
  async start(role: RoleName, name: string): Promise<number> {
    const child = this.programs.spawn(role, name, "run");
    await waitUntil(async () => {
      if (child.hasEnded) throw new Error(child.stderr.join("\n"));
      return await this.figures(role, name) !== undefined;
    }, { what: role, timeoutMs: SETTLED_WITHIN_MS, intervalMs: 10 });
    this.#running.set(`${role} ${name}`, child);
    return child.pid;
  }

  /** Stops a program, and waits for its end. */
  async stop(role: RoleName, name: string): Promise<void> {
    await this.#running.get(`${role} ${name}`)?.end();
  }

  /** The figures of a program; `undefined` while it does not answer. */
  async figures(
    role: RoleName,
    name: string,
  ): Promise<StatusFigures | undefined> {
    const pidFile = `${this.programs.dir}/${name}/${role}.pid`;
    try {
      return (await askStatus(statusSocketPath(pidFile))).figures;
    } catch (error) {
      if (error instanceof Error && /does not answer/.test(error.message)) {
        return undefined;
      }
      throw error;
    }
  }

  /** Waits until a program's figures satisfy a condition; returns them. */
  async until(
    role: RoleName,
    name: string,
    holds: (figures: StatusFigures) => boolean,
    intervalMs = 10,
  ): Promise<StatusFigures> {
    let last: StatusFigures | undefined;
    try {
      return await waitUntil(async () => {
        last = await this.figures(role, name);
        return last !== undefined && holds(last) ? last : undefined;
      }, {
        what: `${role} of ${name}`,
        timeoutMs: SETTLED_WITHIN_MS,
        intervalMs,
      });
    } catch (error) {
      throw new Error(`${role}: ${JSON.stringify(last)}`, { cause: error });
    }
  }

  /** Path of the publisher's store. */
  get storePath(): string {
    return banStorePath(this.programs.stateDir("hub"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.programs[Symbol.asyncDispose]();
    await this.#fail2ban[Symbol.asyncDispose]();
  }
}

/** The URLs of several publishers: each has its own loopback address. */
function placesOf(url: string, hubs: readonly string[]): readonly string[] {
  return hubs.map((_, at) => url.replace("127.0.0.1", `127.0.0.${at + 1}`));
}

/** Log lines that ban consecutive addresses. */
export function linesFrom(first: number, count: number): string {
  const texts = Array.from(
    { length: count },
    (_, at) => banLine("sshd", addressAt(first + at)),
  );
  return texts.join("");
}

/** A change with its event, as in a report of `host-a`. */
export function entryAt(index: number, atMs: number): StoreEntry {
  const origin = host("host-a");
  return {
    event: { origin, id: eventIdAt(index) },
    change: {
      kind: "report",
      seq: index + 1,
      atMs,
      jail: jail("sshd"),
      address: addressAt(index),
      origin,
      expiresMs: atMs + 24 * HOUR_MS,
      isPending: false,
    },
  };
}

/** Creates a publisher's store with the given number of bans. */
export async function fillStore(path: string, bans: number): Promise<void> {
  using store = SqliteBanStore.open({ path, durability: "process" });
  const nowMs = Date.now();
  for (let start = 0; start < bans; start += STORE_AT_ONCE) {
    const length = Math.min(STORE_AT_ONCE, bans - start);
    const entries = Array.from(
      { length },
      (_, at) => entryAt(start + at, nowMs),
    );
    await store.append(entries, nowMs);
  }
}

/** Repeats a measurement; returns the median of each value. */
export async function medians<N extends string>(
  runs: number,
  run: (index: number) => Promise<Readonly<Record<N, number>>>,
): Promise<Readonly<Record<N, number>>> {
  const all: Readonly<Record<N, number>>[] = [];
  for (let index = 0; index < runs; index++) all.push(await run(index));
  const names = Object.keys(all[0] ?? {}) as N[];
  return Object.fromEntries(
    names.map((name) => [name, median(all.map((each) => each[name]))]),
  ) as Record<N, number>;
}

/** A row with a figure, its goal, and the machine's limit. */
export function goalRow(
  what: string,
  figure: string,
  goal: string,
  isReached: boolean,
  limit = "",
): string[] {
  return [
    what,
    figure,
    `goal: ${goal}, ${isReached ? "reached" : "missed"}`,
    limit,
  ];
}

/** Maximum number of events in a batch. */
export const BATCH = MAX_EVENTS;
