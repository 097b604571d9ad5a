/**
 * Decides about events that are stored in one transaction.
 *
 * @module
 */

import { type Ban, type BanKey, type Change, keyOf } from "./ban.ts";
import {
  decide,
  evolve,
  type QuorumOf,
  type Rejection,
  type TableEvent,
} from "./ban_decision.ts";
import type { BanTable } from "./ban_table.ts";
import type { EventId } from "../base/ids.ts";
import type { BanStore, StoreEntry } from "./ban_store.ts";
import type { HostName } from "../base/host_name.ts";
import {
  grownEndMs,
  type GrowthOf,
  MAX_PAST_CHANGES,
  timesBefore,
} from "./ban_growth.ts";
import { isOperatorsLift } from "./ban.ts";
import {
  GROWN_ORIGIN,
  isImportOrigin,
  isNodeOrigin,
} from "../base/operator_name.ts";

/** An event and its id. */
export interface HubRequest {
  /** The event for the table. */
  readonly event: TableEvent;
  /**
   * The event's id, by which a repetition is recognized; `undefined`: it has
   * none.
   */
  readonly name?: { readonly origin: HostName; readonly id: EventId };
  /**
   * Whether a `withdraw` lifts the ban if other nodes reported it: it was made
   * by hand, and the node has that right. @default {false}
   */
  readonly mayLift?: boolean;
  /**
   * Whether a person, not the ban's expiry, caused a `withdraw`: then the ban's
   * growth ends, too. @default {false}
   */
  readonly isByHand?: boolean;
}

/** An entry, with data that is not stored. */
export interface DecidedEntry extends StoreEntry {
  /** When the node made the ban; `undefined`: unknown. */
  readonly madeMs?: number | undefined;
}

/**
 * Result of an event: the number of the change that it made, or why it made
 * none. `node-full`: the node has its maximum number of reports.
 */
export type HubVerdict = number | "known" | "node-full" | Rejection;

/** Whether an event changed the table. */
export function hasChanged(verdict: HubVerdict | undefined): verdict is number {
  return typeof verdict === "number";
}

/** Options for {@link DecisionBatch}. */
export interface DecisionOptions {
  /**
   * Knows the ids of accepted events, the lifts of operators, and the history.
   */
  readonly store: Pick<BanStore, "hasEvent" | "history" | "liftedMs">;
  /** Gives the quorum of a jail. */
  readonly quorumOf: QuorumOf;
  /** How recurring bans are lengthened. */
  readonly growthOf: GrowthOf;
  /** Maximum number of reports of one node in the table. */
  readonly maxReports: number;
}

/**
 * Decides about events one after the other, before any of them is applied to
 * the table.
 */
export class DecisionBatch {
  readonly entries: DecidedEntry[] = [];
  readonly #table: BanTable;
  readonly #options: DecisionOptions;
  readonly #nowMs: number;
  readonly #bans = new Map<string, Ban | undefined>();
  readonly #names = new Set<string>();
  /** When operators lifted bans in this batch. */
  readonly #lifted = new Map<string, number>();
  /** The changes of this batch to bans that may grow. */
  readonly #changes = new Map<string, Change[]>();
  /** Number of reports of each node that this batch adds to the table. */
  readonly #more = new Map<HostName, number>();
  #seq: number;

  constructor(
    table: BanTable,
    options: DecisionOptions,
    nowMs: number,
  ) {
    this.#table = table;
    this.#options = options;
    this.#nowMs = nowMs;
    this.#seq = table.seq;
  }

  decide(request: HubRequest): HubVerdict {
    const { event: wanted, name } = request;
    if (name !== undefined && this.#wasTaken(name)) return "known";
    if (this.#isLifted(wanted)) {
      this.entries.push({ event: name, change: undefined });
      return "known";
    }
    const ban = this.#find(wanted);
    const event = this.#lifting(ban, request);
    // Its id is not stored either: the node may send it again when there is
    // room.
    if (this.#isBeyondRoom(ban, event)) return "node-full";
    const { quorumOf } = this.#options;
    const decision = decide(ban, event, this.#nowMs, quorumOf);
    const change = decision.kind === "change"
      ? { ...decision.draft, seq: ++this.#seq }
      : undefined;
    const madeMs = event.kind === "report" ? event.madeMs : undefined;
    this.entries.push({ event: name, change, madeMs });
    if (change !== undefined) {
      const grown = this.#grown(ban, event, change);
      this.#put(ban, change);
      if (grown !== undefined) this.#derive(grown);
    }
    if (change !== undefined) return change.seq;
    return decision.kind === "rejected" ? decision.reason : "known";
  }

  /**
   * A withdrawal becomes a lift if the node may lift others' reports, or if
   * only the growth of its own report would remain.
   */
  #lifting(
    ban: Ban | undefined,
    { event, mayLift = false, isByHand = false }: HubRequest,
  ): TableEvent {
    if (event.kind !== "withdraw") return event;
    const { origin: by, jail, address } = event;
    const live =
      ban?.reports.filter(({ expiresMs }) => expiresMs > this.#nowMs) ?? [];
    const others = live.filter(({ origin }) => origin !== by);
    const isIts = others.length < live.length;
    const mayGrow = this.#options.growthOf(jail) !== undefined;
    const isAlone = others.every(({ origin }) => origin === GROWN_ORIGIN) &&
      (others.length > 0 || mayGrow);
    return mayLift && others.length > 0 || isByHand && isIts && isAlone
      ? { kind: "lift", jail, address, by }
      : event;
  }

  /** The derived event that lengthens a recurring ban. */
  #grown(
    ban: Ban | undefined,
    event: TableEvent,
    change: Change,
  ): TableEvent | undefined {
    if (event.kind !== "report" || change.kind !== "report") return undefined;
    const { origin, jail, address, madeMs = this.#nowMs } = event;
    const growth = this.#options.growthOf(jail);
    if (growth === undefined || change.isPending || !isNodeOrigin(origin)) {
      return undefined;
    }
    const past = [
      ...this.#options.store.history(change, MAX_PAST_CHANGES),
      ...this.#changes.get(keyOf(change)) ?? [],
    ];
    const expiresMs = grownEndMs(growth, {
      times: timesBefore(past, this.#nowMs, growth, "again"),
      madeMs: Math.min(madeMs, this.#nowMs),
      expiresMs: change.expiresMs,
    });
    if (expiresMs === undefined) return undefined;
    const nodes =
      ban?.reports.filter((report) =>
        report.expiresMs > this.#nowMs && isNodeOrigin(report.origin)
      ) ?? [];
    // An earlier end of a renewed report counts, too, if no other node reported
    // it.
    const isExact = nodes.length === 1 && nodes[0]?.origin === origin;
    return {
      ...{ kind: "report", jail, address, origin: GROWN_ORIGIN },
      ...{ expiresMs, isExact },
    };
  }

  /** Adds a derived event: it has no id, and is dropped if there is no room. */
  #derive(event: TableEvent): void {
    const ban = this.#find(event);
    if (this.#isBeyondRoom(ban, event)) return;
    const { quorumOf } = this.#options;
    const decision = decide(ban, event, this.#nowMs, quorumOf);
    if (decision.kind !== "change") return;
    const change = { ...decision.draft, seq: ++this.#seq };
    this.#put(ban, change);
    this.entries.push({ event: undefined, change });
  }

  /**
   * Whether the report is from before an operator's lift, and therefore repeats
   * old news.
   */
  #isLifted(event: TableEvent): boolean {
    if (event.kind !== "report" || event.madeMs === undefined) return false;
    const liftedMs = this.#lifted.get(keyOf(event)) ??
      this.#options.store.liftedMs(event);
    return liftedMs !== undefined && event.madeMs <= liftedMs;
  }

  #isBeyondRoom(ban: Ban | undefined, event: TableEvent): boolean {
    if (event.kind !== "report") return false;
    const { origin } = event;
    // The limit for an import applies to the whole list, elsewhere.
    if (isImportOrigin(origin)) return false;
    if (ban?.reports.some((each) => each.origin === origin)) return false;
    const count = this.#table.reportsOf(origin) + (this.#more.get(origin) ?? 0);
    return count >= this.#options.maxReports;
  }

  #put(before: Ban | undefined, change: Change): void {
    const after = evolve(before, change);
    if (isOperatorsLift(change)) this.#lifted.set(keyOf(change), change.atMs);
    this.#bans.set(keyOf(change), after);
    this.#remember(change);
    for (const { origin } of before?.reports ?? []) this.#count(origin, -1);
    for (const { origin } of after?.reports ?? []) this.#count(origin, 1);
  }

  /** Keeps a change for the history: the store does not have it yet. */
  #remember(change: Change): void {
    if (this.#options.growthOf(change.jail) === undefined) return;
    const key = keyOf(change);
    const changes = this.#changes.get(key);
    if (changes === undefined) this.#changes.set(key, [change]);
    else changes.push(change);
  }

  #count(origin: HostName, by: 1 | -1): void {
    this.#more.set(origin, (this.#more.get(origin) ?? 0) + by);
  }

  #find(event: BanKey): Ban | undefined {
    const key = keyOf(event);
    return this.#bans.has(key) ? this.#bans.get(key) : this.#table.find(event);
  }

  #wasTaken({ origin, id }: NonNullable<HubRequest["name"]>): boolean {
    const text = `${origin}|${id}`;
    if (this.#names.has(text)) return true;
    this.#names.add(text);
    return this.#options.store.hasEvent(origin, id);
  }
}
