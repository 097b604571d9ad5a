/**
 * Bans that are written to the logs of several hosts, and how long each waits
 * until all hosts act on it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { DatabaseSync } from "node:sqlite";
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

/** Interval between lines that are written together, in milliseconds. */
const TICK_MS = 50;

/** What a publisher's host has of all changes. */
export interface CopyFacts {
  readonly hub: Hub;
  /** Of all changes but the bulk, in order, with the epoch. */
  readonly sha256: string;
  readonly addresses: readonly string[];
  /** Numbers that do not follow the one before. */
  readonly gaps: number;
}

/** Writes until it is told to end. */
export class SharedLoad {
  readonly #shared: SharedHosts;
  readonly #perTick: number;
  /** Where each address was written, and when, by `performance.now()`; in order. */
  readonly #written = new Map<
    string,
    { readonly node: Node; readonly atMs: number }
  >();
  #isOver = false;
  #writing: Promise<void> | undefined;

  /**
   * @param shared Where.
   * @param perSecond Lines a second, of all hosts together; a slow machine gets fewer.
   */
  constructor(shared: SharedHosts, perSecond: number) {
    this.#shared = shared;
    this.#perTick = Math.ceil(perSecond * TICK_MS / 1_000);
  }

  /** The addresses that were written so far. */
  get written(): readonly string[] {
    return [...this.#written.keys()];
  }

  /** Begins. */
  begin(): void {
    this.#writing = this.#write();
  }

  /** What a host has to act on: what was written on others. */
  of(node: Node): readonly string[] {
    return [...this.#written].flatMap(([address, { node: where }]) =>
      where === node ? [] : [address]
    );
  }

  /** Ends. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
  }

  /** Ends, and waits until all is in force that was written. */
  async end(): Promise<void> {
    await this.stop();
    await this.allInForce();
  }

  /** Waits until all is in force that was written so far, on each host that was to act on it. */
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
    await waitUntil(() => count().every((size) => size === 0), {
      what: () => `bans in force: ${count().join(" and ")} are not`,
      timeoutMs: 20_000,
      intervalMs: 50,
    });
  }

  /** The longest that a ban waited, from the log to the action, of those that came since a time, in milliseconds. */
  longestWaitMs(sinceMs: number): number {
    let longestMs = 0;
    for (const node of NODES) {
      for (const [address, atMs] of this.#shared.watch(node).firstMs) {
        const writtenMs = this.#written.get(address)?.atMs ?? atMs;
        if (atMs >= sinceMs) longestMs = Math.max(longestMs, atMs - writtenMs);
      }
    }
    return Math.round(longestMs);
  }

  /** What the copy of each publisher's host has, once it has all that was written. */
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

  /** What the copy of a publisher's host has now. */
  copyOf(hub: Hub): CopyFacts {
    const path = banStorePath(this.#shared.cluster.stateDir(hub));
    using reader = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
    const store = new BanDatabase(reader);
    const sha256 = createHash("sha256").update(store.epoch);
    const addresses: string[] = [];
    let gaps = 0;
    const { bulk } = this.#shared;
    const since = Math.max(bulk, store.keptSince);
    for (const change of store.since(since, Infinity)) {
      sha256.update(JSON.stringify(change));
      addresses.push(change.address);
      if (change.seq !== bulk + addresses.length) gaps++;
    }
    return { hub, sha256: sha256.digest("hex"), addresses, gaps };
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
