/**
 * Bans that have just begun, and wait for the nodes' receipts.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { LiveEvent } from "../wire/operator_tail.ts";
import type { EnforcingNode } from "./enforcement_view.ts";

/** A ban's event after the receipts. */
export type UnfoldedBan = Extract<LiveEvent, { readonly kind: "ban" }>;

/** A ban's event before the receipts. */
export type BanStart = Omit<
  UnfoldedBan,
  "enforced" | "expected" | "afterMs"
>;

/** Maximum number of waiting bans; beyond it the oldest is emitted as it is. */
const MAX_UNFOLDING = 1_000;

interface Unfolding {
  readonly start: BanStart;
  /** The nodes that reported it. */
  readonly origins: readonly HostName[];
  /** When it was stored, by a monotonic clock. */
  readonly storedMs: number;
  readonly expected: number;
  enforced: number;
  afterMs: number | null;
  /** Nodes whose receipts are missing. */
  readonly awaited: Map<HostName, EnforcingNode>;
  /** Number of awaited nodes that are not silent. */
  waitedFor: number;
  /** For nodes with several actions, the actions that sent `applied`. */
  readonly done: Map<HostName, Set<string>>;
}

/** Collects the receipts of each ban. Time is an argument. */
export class UnfoldingBans {
  readonly #waitMs: number;
  readonly #emit: (event: UnfoldedBan, origins: readonly HostName[]) => void;
  /** Oldest first. */
  readonly #bans = new Map<string, Unfolding>();

  /**
   * @param waitMs How long to wait for receipts, in milliseconds.
   * @param emit Called once for each ban, with the nodes that reported it.
   */
  constructor(
    waitMs: number,
    emit: (event: UnfoldedBan, origins: readonly HostName[]) => void,
  ) {
    this.#waitMs = waitMs;
    this.#emit = emit;
  }

  /**
   * Adds a ban that begins.
   *
   * @param origins The nodes that reported it, whose own fail2ban enforces it.
   * @param nodes The nodes that should enforce it.
   */
  begin(
    start: BanStart,
    origins: readonly HostName[],
    nodes: readonly EnforcingNode[],
    nowMs: number,
  ): void {
    const own = new Set(origins.map(canonicalHost));
    const others = nodes.filter(({ node }) => !own.has(canonicalHost(node)));
    const unfolding: Unfolding = {
      start,
      origins,
      storedMs: nowMs,
      expected: nodes.length,
      enforced: nodes.length - others.length,
      afterMs: null,
      awaited: new Map(
        others.map((each) => [canonicalHost(each.node), each]),
      ),
      waitedFor: others.filter(({ isSilent }) => !isSilent).length,
      done: new Map(),
    };
    this.end(keyOf(start));
    this.#bans.set(keyOf(start), unfolding);
    if (isOver(unfolding)) this.end(keyOf(start));
    const [oldest] = this.#bans.keys();
    if (this.#bans.size > MAX_UNFOLDING && oldest !== undefined) {
      this.end(oldest);
    }
  }

  /** Handles receipts. */
  note(receipts: readonly StoredReceipt[], nowMs: number): void {
    for (const receipt of receipts) {
      const unfolding = this.#bans.get(keyOf(receipt));
      if (unfolding === undefined || receipt.outcome === "lifted") continue;
      hear(unfolding, receipt, nowMs);
      if (isOver(unfolding)) this.end(keyOf(receipt));
    }
  }

  /** Emits a ban as it is: it ended, or needs no further wait. */
  end(key: string): void {
    const unfolding = this.#bans.get(key);
    if (unfolding === undefined) return;
    this.#bans.delete(key);
    const { start, origins, enforced, expected, afterMs } = unfolding;
    this.#emit({ ...start, enforced, expected, afterMs }, origins);
  }

  /** Emits the bans whose wait is over. */
  expire(nowMs: number): void {
    for (const [key, { storedMs }] of this.#bans) {
      if (nowMs - storedMs < this.#waitMs) return;
      this.end(key);
    }
  }

  /** Remaining wait of the oldest ban; `undefined` when there is none. */
  leftMs(nowMs: number): number | undefined {
    for (const { storedMs } of this.#bans.values()) {
      return Math.max(0, storedMs + this.#waitMs - nowMs);
    }
    return undefined;
  }

  /** Drops all bans: nobody watches. */
  clear(): void {
    this.#bans.clear();
  }
}

function hear(
  unfolding: Unfolding,
  { node, action, outcome }: StoredReceipt,
  nowMs: number,
): void {
  const name = canonicalHost(node);
  const { awaited, done } = unfolding;
  const expected = awaited.get(name);
  if (expected === undefined) return;
  const { actions, isSilent } = expected;
  if (actions.length > 0 && !actions.includes(action)) return;
  // One action that did not apply it decides: the node does not have it in
  // force.
  const isApplied = outcome === "applied";
  if (isApplied && actions.length > 1) {
    const said = (done.get(name) ?? new Set()).add(action);
    done.set(name, said);
    if (said.size < actions.length) return;
  }
  awaited.delete(name);
  if (!isSilent) unfolding.waitedFor--;
  if (!isApplied) return;
  unfolding.enforced++;
  unfolding.afterMs = Math.round(nowMs - unfolding.storedMs);
}

function isOver({ waitedFor }: Unfolding): boolean {
  return waitedFor === 0;
}
