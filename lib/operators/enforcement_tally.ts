/**
 * Counts which nodes have bans in force, and updates the counts with each
 * change, so that the total for all bans needs no scan of them.
 *
 * Each ban has a row in the table, and the tally keeps sets of rows: the bans
 * that count, the bans of a jail, those that a node reported itself, those that
 * an action of a node has in force, and those with another outcome. The totals
 * of a node come from intersections of these sets. The rules are those of
 * `enforcement_view.ts` for one ban, applied to the node's current actions and
 * choice.
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { BanTable, TableStep } from "../ban/ban_table.ts";
import type { StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { ANY_NAME } from "../base/name_patterns.ts";
import {
  placeOfSource,
  type ReceiverChoice,
  takesJail,
} from "../choice/receiver_choice.ts";
import type { EnforcingNode } from "./enforcement_view.ts";
import { countBits, RowSet, wordsOf } from "../rows/row_set.ts";

/** The last outcomes of one action of a node. */
interface ActionRows {
  readonly applied: RowSet;
  readonly other: RowSet;
}

/** The rows of one node. */
interface NodeRows {
  /** Bans that the node reported itself. */
  readonly own: RowSet;
  readonly actions: Map<string, ActionRows>;
}

/** Numbers of bans at a node. */
export interface NodeStanding {
  readonly inForce: number;
  readonly expected: number;
  readonly observed: number;
}

/** The rows of a node without reports and receipts. */
const NOTHING: NodeRows = { own: new RowSet(), actions: new Map() };

/** Counts the bans it was given; see {@link EnforcementTally.add}. */
export class EnforcementTally {
  readonly #table: Pick<BanTable, "rowOf">;
  /** Bans that were added. */
  readonly #known = new RowSet();
  readonly #counting = new RowSet();
  /** Bans with reports of several nodes. */
  readonly #shared = new RowSet();
  readonly #jails = new Map<JailName, RowSet>();
  readonly #nodes = new Map<HostName, NodeRows>();
  /** The rows of all actions of all nodes. */
  readonly #said: ActionRows[] = [];
  #allRows = 0;
  #bans = 0;
  #waiting = 0;

  /** @param table Gives the bans their rows. */
  constructor(table: Pick<BanTable, "rowOf">) {
    this.#table = table;
  }

  /** Number of bans that count. */
  get bans(): number {
    return this.#bans;
  }

  /** Number of bans that wait for their quorum. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether a ban was added. */
  has(key: BanKey): boolean {
    return this.#rowOf(key) !== undefined;
  }

  /** Adds a new ban with its receipts. */
  add(ban: Ban, receipts: readonly StoredReceipt[]): void {
    this.#begin(ban, this.#table.rowOf(ban));
    this.noteReceipts(receipts);
  }

  /** Applies stored changes; see {@link EnforcementTally.noteStep}. */
  noteKept(kept: readonly KeptChange[]): void {
    for (const each of kept) {
      this.noteStep(each);
      // Earlier receipts do not apply to a ban that begins again.
      if (beginsAnew(each)) this.#forgetSaid(each.row);
    }
  }

  /**
   * Applies one change of a ban. Ignores bans that were not added, unless they
   * begin.
   */
  noteStep({ before, after, row }: TableStep): void {
    if (before === undefined) {
      if (after !== undefined) this.#begin(after, row);
      return;
    }
    if (!this.#known.has(row)) return;
    this.#countBan(before, -1);
    this.#putOwn(before, row, false);
    if (after === undefined) {
      this.#end(before, row);
      return;
    }
    this.#countBan(after, 1);
    this.#putOwn(after, row, true);
    this.#counting.put(row, !after.isPending);
  }

  /** Applies the latest receipts. Ignores bans that were not added. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    for (const receipt of receipts) {
      const row = this.#rowOf(receipt);
      if (row === undefined) continue;
      const rows = this.#actionOf(receipt);
      const isApplied = receipt.outcome === "applied";
      rows.applied.put(row, isApplied);
      rows.other.put(row, !isApplied);
    }
  }

  /**
   * How many bans a node has in force, should have in force, and only observes.
   *
   * @param node A node that enforces or observes bans.
   */
  standingAt(node: EnforcingNode): NodeStanding {
    const known = this.#nodes.get(canonicalHost(node.node)) ?? NOTHING;
    const words = wordsOf(this.#allRows);
    const counting = this.#counting.bits(words);
    const own = known.own.bits(words);
    const { taken, observed } = this.#placesAt(node, own, words);
    const said = saidWith(node, known, words);
    const standing = { inForce: 0, expected: 0, observed: 0 };
    for (let at = 0; at < words; at++) {
      const counts = counting[at] ?? 0;
      const isOwn = own[at] ?? 0;
      const isTaken = taken[at] ?? 0;
      const isExpected = counts & (isOwn | isTaken);
      const applied = appliedIn(said, at);
      // A ban that only this node reported is in force through its own
      // fail2ban, whatever it said.
      const inForce = isTaken & ~applied.other & (isOwn | applied.all) |
        ~isTaken & isOwn;
      standing.expected += countBits(isExpected);
      standing.inForce += countBits(isExpected & inForce);
      standing.observed += countBits(
        counts & ~isExpected & (observed[at] ?? 0),
      );
    }
    return standing;
  }

  /** Which bans of others a node takes, and which it only observes. */
  #placesAt(
    { node, choice }: EnforcingNode,
    own: Uint32Array,
    words: number,
  ): { readonly taken: Uint32Array; readonly observed: Uint32Array } {
    const taken = new Uint32Array(words);
    const observed = new Uint32Array(words);
    if (takesAll(choice)) {
      const shared = this.#shared.bits(words);
      for (let at = 0; at < words; at++) {
        taken[at] = ~(own[at] ?? 0) | (shared[at] ?? 0);
      }
      return { taken, observed };
    }
    for (const [origin, { own }] of this.#nodes) {
      const place = placeOfSource({ hostName: node, choice }, origin);
      if (place === "taken") own.addTo(taken);
      else if (place === "observed") own.addTo(observed);
    }
    const jails = new Uint32Array(words);
    for (const [jail, rows] of this.#jails) {
      if (takesJail(choice, jail)) rows.addTo(jails);
    }
    for (let at = 0; at < words; at++) {
      const isTaken = jails[at] ?? 0;
      taken[at] = (taken[at] ?? 0) & isTaken;
      observed[at] = (observed[at] ?? 0) & isTaken;
    }
    return { taken, observed };
  }

  #begin(ban: Ban, row: number): void {
    const { jail } = ban;
    this.#known.put(row, true);
    this.#allRows = Math.max(this.#allRows, row + 1);
    const jailRows = this.#jails.get(jail) ?? new RowSet();
    this.#jails.set(jail, jailRows);
    jailRows.put(row, true);
    this.#countBan(ban, 1);
    this.#putOwn(ban, row, true);
    this.#counting.put(row, !ban.isPending);
  }

  #end({ jail }: BanKey, row: number): void {
    this.#known.put(row, false);
    const rows = this.#jails.get(jail);
    rows?.put(row, false);
    if (rows?.size === 0) this.#jails.delete(jail);
    this.#counting.put(row, false);
    this.#forgetSaid(row);
  }

  #forgetSaid(row: number): void {
    for (const { applied, other } of this.#said) {
      applied.put(row, false);
      other.put(row, false);
    }
  }

  #countBan({ isPending }: Ban, by: 1 | -1): void {
    if (isPending) this.#waiting += by;
    else this.#bans += by;
  }

  #putOwn({ reports }: Ban, row: number, isIn: boolean): void {
    this.#shared.put(row, isIn && reports.length > 1);
    for (const { origin } of reports) {
      const { own, actions } = this.#nodeOf(origin);
      own.put(row, isIn);
      // Many names may report only once, so empty records are removed.
      if (own.size === 0 && actions.size === 0) {
        this.#nodes.delete(canonicalHost(origin));
      }
    }
  }

  /** The row of a ban that was added. */
  #rowOf(key: BanKey): number | undefined {
    const row = this.#table.rowOf(key);
    return this.#known.has(row) ? row : undefined;
  }

  #nodeOf(name: HostName): NodeRows {
    const key = canonicalHost(name);
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const rows = { own: new RowSet(), actions: new Map() };
    this.#nodes.set(key, rows);
    return rows;
  }

  #actionOf({ node, action }: StoredReceipt): ActionRows {
    const { actions } = this.#nodeOf(node);
    const known = actions.get(action);
    if (known !== undefined) return known;
    const rows = { applied: new RowSet(), other: new RowSet() };
    actions.set(action, rows);
    this.#said.push(rows);
    return rows;
  }
}

/**
 * Whether a report begins a ban again whose reports have all expired but were
 * not swept yet.
 */
function beginsAnew({ change, before }: KeptChange): boolean {
  return change.kind === "report" && before !== undefined &&
    !before.reports.some(({ expiresMs }) => expiresMs > change.atMs);
}

/**
 * Receipts of a node's current actions; receipts of former actions do not
 * count.
 */
interface Said {
  readonly actions: readonly {
    readonly applied: Uint32Array;
    readonly other: Uint32Array;
  }[];
  /** Whether one action is enough, because the node's actions are unknown. */
  readonly takesAny: boolean;
  /** Whether each of its actions sent a receipt. */
  readonly isComplete: boolean;
}

function saidWith(
  { actions }: EnforcingNode,
  known: NodeRows,
  words: number,
): Said {
  const takesAny = actions.length === 0;
  const said = [...known.actions]
    .filter(([name]) => takesAny || actions.includes(name))
    .map(([, { applied, other }]) => ({
      applied: applied.bits(words),
      other: other.bits(words),
    }));
  const isComplete = actions.length <= said.length;
  return { actions: said, takesAny, isComplete };
}

/**
 * The bans of one word that all actions have in force, and those with another
 * outcome.
 */
function appliedIn(
  { actions, takesAny, isComplete }: Said,
  at: number,
): { readonly all: number; readonly other: number } {
  let [any, all, other] = [0, isComplete ? ~0 : 0, 0];
  for (const each of actions) {
    const applied = each.applied[at] ?? 0;
    any |= applied;
    all &= applied;
    other |= each.other[at] ?? 0;
  }
  return { all: takesAny ? any : all, other };
}

function takesAll(
  { takeJails, ignoreJails, takeNodes, ignoreNodes, observeNodes }:
    ReceiverChoice,
): boolean {
  return takeJails.includes(ANY_NAME) && takeNodes.includes(ANY_NAME) &&
    ignoreJails.length + ignoreNodes.length + observeNodes.length === 0;
}
