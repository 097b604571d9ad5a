/**
 * What the benchmarks of protocol 2 share: clusters of real programs, stores
 * that are full already, and how the programs say that they are.
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

/** The hosts of a cluster beside those with a publisher: `host-a` has the monitor. */
const NODES = ["host-a", "host-b"] as const;

const HOUR_MS = 3_600_000;
const STORE_AT_ONCE = 2_000;
const SETTLED_WITHIN_MS = 120_000;
/** fail2ban's answer of an hour, as Python pickles it. */
const AN_HOUR = "\x80\x02K\0M\x10\x0e\x86.";

export { addressAt } from "./random_inputs.ts";

/** A file of a program's own log: a terminal would have to be drawn. */
function logTarget(cluster: TestCluster, name: string): Sections[string] {
  return { logtarget: `${cluster.dir}/${name}.log` };
}

/** A cluster of protocol 2 and what answers where its fail2ban would. */
export class BenchCluster implements AsyncDisposable {
  readonly programs: TestCluster;
  readonly #fail2ban: Fail2banPeer;
  readonly #running = new Map<string, ChildProcess>();

  private constructor(programs: TestCluster, fail2ban: Fail2banPeer) {
    this.programs = programs;
    this.#fail2ban = fail2ban;
  }

  /**
   * @param publisher What the publisher's section says beside the usual.
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
      // What host-b's subscriber says is the end of many a way, so it is heard.
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

  /** Starts a program, and resolves once it can be asked. @returns Its process id. */
  async start(role: RoleName, name: string): Promise<number> {
    const child = this.programs.spawn(role, name, "run");
    await waitUntil(async () => {
      if (child.hasEnded) throw new Error(child.stderr.join("\n"));
      return await this.figures(role, name) !== undefined;
    }, { what: role, timeoutMs: SETTLED_WITHIN_MS, intervalMs: 10 });
    this.#running.set(`${role} ${name}`, child);
    return child.pid;
  }

  /** Ends a program, and waits for its end. */
  async stop(role: RoleName, name: string): Promise<void> {
    await this.#running.get(`${role} ${name}`)?.end();
  }

  /** What a program says of itself; `undefined`: it can't be asked yet. */
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

  /** Waits until a program's figures are as they should be; gives them. */
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

  /** Where the publisher keeps its memory. */
  get storePath(): string {
    return banStorePath(this.programs.stateDir("hub"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.programs[Symbol.asyncDispose]();
    await this.#fail2ban[Symbol.asyncDispose]();
  }
}

/** Where publishers are that would be at a URL of 127.0.0.1: each has an address of its own. */
function placesOf(url: string, hubs: readonly string[]): readonly string[] {
  return hubs.map((_, at) => url.replace("127.0.0.1", `127.0.0.${at + 1}`));
}

/** Lines of a log that ban addresses that follow each other. */
export function linesFrom(first: number, count: number): string {
  const texts = Array.from(
    { length: count },
    (_, at) => banLine("sshd", addressAt(first + at)),
  );
  return texts.join("");
}

/** A change and its event, as a report of `host-a` makes it. */
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

/** Makes a publisher's store that has so many bans. */
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

/** Does something so many times; gives the medians of what it measured. */
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

/** A row of a figure, its goal, and what the machine does at best. */
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

/** Events in a batch at most. */
export const BATCH = MAX_EVENTS;
