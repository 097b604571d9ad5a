/**
 * Writes bans to the logs of several hosts, and measures how long each waits
 * until all hosts enforce it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { readDatabase } from "../store/stored_tables.ts";
import { BanDatabase } from "../../../lib/store/ban_database.ts";
import { banStorePath } from "../../../lib/store/io/sqlite_ban_store.ts";
import { appendLog, banLine, testAddress } from "../fail2ban/fail2ban_lines.ts";
import { waitUntil } from "../host/wait_until.ts";
import {
  EARLIER,
  type Hub,
  type Node,
  NODES,
  type SharedHosts,
} from "./shared_hosts.ts";

/** Interval between batches of lines, in milliseconds. */
const TICK_MS = 50;

/** A publisher's copy of the changes. */
export interface CopyFacts {
  readonly hub: Hub;
  /** Digest of all changes except the bulk, in order, with the epoch. */
  readonly sha256: string;
  readonly addresses: readonly string[];
  /** Number of gaps in the sequence numbers. */
  readonly gaps: number;
}

/** Writes until it is stopped. */
export class SharedLoad {
  readonly #shared: SharedHosts;
  readonly #perTick: number;
  /**
   * Host and time of each written address, by `performance.now()`; in order.
   */
  readonly #written = new Map<
    string,
    { readonly node: Node; readonly atMs: number }
  >();
  #isOver = false;
  #writing: Promise<void> | undefined;

  /**
   * @param shared The hosts.
   * @param perSecond Lines per second of all hosts together; fewer on a slow
   * machine.
   */
  constructor(shared: SharedHosts, perSecond: number) {
    this.#shared = shared;
    this.#perTick = Math.ceil(perSecond * TICK_MS / 1_000);
  }

  /** The addresses written so far. */
  get written(): readonly string[] {
    return [...this.#written.keys()];
  }

  /** Starts writing. */
  begin(): void {
    this.#writing = this.#write();
  }

  /** The addresses that a host must enforce: those written on others. */
  of(node: Node): readonly string[] {
    return [...this.#written].flatMap(([address, { node: where }]) =>
      where === node ? [] : [address]
    );
  }

  /** Stops writing. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
  }

  /** Stops writing, and waits until all addresses are in force. */
  async end(): Promise<void> {
    await this.stop();
    await this.allInForce();
  }

  /**
   * Waits until all addresses so far are in force on each host that must
   * enforce them.
   */
  async allInForce(): Promise<void> {
    const waiting = new Map(
      NODES.map((node) => [node, new Set(this.of(node))]),
    );
    const count = () => {
      for (const [node, addresses] of waiting) {
        const { times } = this.#shared.watch(node);
        for (const each of addresses) {
          if (times.has(each)) addresses.delete(each);
        }
      }
      return [...waiting.values()].map(({ size }) => size);
    };
    await waitUntil(() => {
      this.#shared.demandNodes();
      return count().every((size) => size === 0);
    }, {
      what: () => `bans in force: ${count().join(" and ")} are not`,
      timeoutMs: 20_000,
      intervalMs: 50,
    });
  }

  /**
   * The longest wait of a ban that is in force since a time, from the log to the
   * action, in milliseconds.
   *
   * @param fromMs Waits begin then at the earliest.
   */
  longestWaitMs(sinceMs: number, fromMs: number): number {
    let longestMs = 0;
    for (const node of NODES) {
      for (const [address, atMs] of this.#shared.watch(node).firstMs) {
        const writtenMs = this.#written.get(address)?.atMs ?? atMs;
        const waitMs = atMs - Math.max(writtenMs, fromMs);
        if (atMs >= sinceMs) longestMs = Math.max(longestMs, waitMs);
      }
    }
    return Math.round(longestMs);
  }

  /** The copies of all publishers, once they contain all written addresses. */
  async copied(): Promise<readonly CopyFacts[]> {
    const length = EARLIER.length + this.written.length;
    return await Promise.all(
      this.#shared.hubs.map((hub) =>
        waitUntil(() => {
          const facts = this.copyOf(hub);
          return facts.addresses.length >= length ? facts : undefined;
        }, { what: `the copy of ${hub}`, timeoutMs: 20_000, intervalMs: 200 })
      ),
    );
  }

  /** The current copy of a publisher. */
  copyOf(hub: Hub): CopyFacts {
    const path = banStorePath(this.#shared.cluster.stateDir(hub));
    const { bulk } = this.#shared;
    return readDatabase(path, (database) => {
      const store = new BanDatabase(database);
      const sha256 = createHash("sha256").update(store.epoch);
      const addresses: string[] = [];
      let gaps = 0;
      const since = Math.max(bulk, store.keptSince);
      for (const change of store.since(since, Infinity)) {
        sha256.update(JSON.stringify(change));
        addresses.push(change.address);
        if (change.seq !== bulk + addresses.length) gaps++;
      }
      return { hub, sha256: sha256.digest("hex"), addresses, gaps };
    });
  }

  async #write(): Promise<void> {
    for (let tick = 0; !this.#isOver; tick++) {
      const node = NODES[tick % NODES.length] ?? NODES[0];
      const addresses = Array.from(
        { length: this.#perTick },
        (_, at) => testAddress(this.#written.size + at),
      );
      const text = addresses.map((each) => banLine("sshd", each)).join("");
      await appendLog(this.#shared.cluster.logPath(node), text);
      const atMs = performance.now();
      for (const each of addresses) this.#written.set(each, { node, atMs });
      await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    }
  }
}
