/**
 * Bans that have just come to be in force at the hub, and of which nodes are
 * still to say that they carried them out.
 *
 * @module
 */

import { keyOf } from "../ban/ban.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { OWN_ACTION } from "../ban/receipt.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { LiveEvent } from "../wire/operator_tail.ts";
import { bansByFail2ban, type EnforcingNode } from "./enforcement_view.ts";

/** A ban, as it is told once nodes have said something. */
export type UnfoldedBan = Extract<LiveEvent, { readonly kind: "ban" }>;

/** The same, before they have. */
export type BanStart = Omit<
  UnfoldedBan,
  "enforced" | "expected" | "afterMs"
>;

/** Bans that are waited for; of more, the oldest is told with what is known. */
const MAX_UNFOLDING = 1_000;

interface Unfolding {
  readonly start: BanStart;
  /** Who reported it. */
  readonly origins: readonly HostName[];
  /** When it was stored, by a steady clock. */
  readonly storedMs: number;
  readonly expected: number;
  enforced: number;
  afterMs: number | null;
  /** Who counts as having it in force. */
  readonly counted: Set<HostName>;
  /** Who is still to say that it has the ban in force. */
  readonly awaited: Map<HostName, EnforcingNode>;
  /** How many of them are waited for: silent ones are not. */
  waitedFor: number;
  /** Of nodes with several actions those that said so. */
  readonly done: Map<HostName, Set<string>>;
}

/** Puts together what nodes say about each ban. Time is an argument. */
export class UnfoldingBans {
  readonly #waitMs: number;
  readonly #emit: (event: UnfoldedBan, origins: readonly HostName[]) => void;
  /** The oldest first. */
  readonly #bans = new Map<string, Unfolding>();

  /**
   * @param waitMs How long nodes have, in milliseconds.
   * @param emit Given each ban once, with who reported it.
   */
  constructor(
    waitMs: number,
    emit: (event: UnfoldedBan, origins: readonly HostName[]) => void,
  ) {
    this.#waitMs = waitMs;
    this.#emit = emit;
  }

  /**
   * A ban came to be in force.
   *
   * @param origins Who reported it: its own fail2ban has it in force.
   * @param nodes Who should have it in force.
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
      counted: new Set(
        nodes.map(({ node }) => canonicalHost(node))
          .filter((name) => own.has(name)),
      ),
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

  /** Hears what nodes say. */
  note(receipts: readonly StoredReceipt[], nowMs: number): void {
    for (const receipt of receipts) {
      const unfolding = this.#bans.get(keyOf(receipt));
      if (unfolding === undefined || receipt.outcome === "lifted") continue;
      hear(unfolding, receipt, nowMs);
      if (isOver(unfolding)) this.end(keyOf(receipt));
    }
  }

  /** Tells a ban with what is known, as it ended or is not waited for any more. */
  end(key: string): void {
    const unfolding = this.#bans.get(key);
    if (unfolding === undefined) return;
    this.#bans.delete(key);
    const { start, origins, enforced, expected, afterMs } = unfolding;
    this.#emit({ ...start, enforced, expected, afterMs }, origins);
  }

  /** Tells the bans that were waited for long enough. */
  expire(nowMs: number): void {
    for (const [key, { storedMs }] of this.#bans) {
      if (nowMs - storedMs < this.#waitMs) return;
      this.end(key);
    }
  }

  /** For how long the oldest is waited for; `undefined`: there is none. */
  leftMs(nowMs: number): number | undefined {
    for (const { storedMs } of this.#bans.values()) {
      return Math.max(0, storedMs + this.#waitMs - nowMs);
    }
    return undefined;
  }

  /** Forgets all: nobody watches. */
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
  const { awaited, done, counted } = unfolding;
  const expected = awaited.get(name);
  if (action === OWN_ACTION) {
    if (outcome === "applied") return;
    if (counted.delete(name)) unfolding.enforced--;
    if (!bansByFail2ban(expected)) return;
  }
  if (expected === undefined) return;
  const { actions, isSilent } = expected;
  const isOfIt = actions.includes(action) || action === OWN_ACTION;
  if (actions.length > 0 && !isOfIt) return;
  // Whatever its other actions do: where one has not, it has it not in force.
  const isApplied = outcome === "applied";
  if (isApplied && actions.length > 1) {
    const said = (done.get(name) ?? new Set()).add(action);
    done.set(name, said);
    if (said.size < actions.length) return;
  }
  awaited.delete(name);
  if (!isSilent) unfolding.waitedFor--;
  if (!isApplied) return;
  counted.add(name);
  unfolding.enforced++;
  unfolding.afterMs = Math.round(nowMs - unfolding.storedMs);
}

function isOver({ waitedFor }: Unfolding): boolean {
  return waitedFor === 0;
}
