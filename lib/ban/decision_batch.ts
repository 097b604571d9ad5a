/**
 * Decides about events that are stored together.
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
import { isImportOrigin } from "../base/operator_name.ts";
import { isOperatorsLift } from "./ban.ts";

/** An event and its id. */
export interface HubRequest {
  /** The event for the table. */
  readonly event: TableEvent;
  /** The event's id, by which a repetition is recognized; `undefined`: none. */
  readonly name?: { readonly origin: HostName; readonly id: EventId };
  /** Whether a `withdraw` lifts the ban where others reported it: by hand, and by a node that may. @default {false} */
  readonly mayLift?: boolean;
}

/**
 * Result of an event; all but `changed` changed nothing. `node-full`: the node
 * has its maximum number of reports.
 */
export type HubVerdict = "changed" | "known" | "node-full" | Rejection;

/** Options for {@link DecisionBatch}. */
export interface DecisionOptions {
  /** Knows the ids of events that were accepted before, and what operators lifted. */
  readonly store: Pick<BanStore, "hasEvent" | "liftedMs">;
  /** Gives the quorum of a jail. */
  readonly quorumOf: QuorumOf;
  /** Maximum number of a node's reports in the table. */
  readonly maxReports: number;
}

/**
 * Decides about events one after the other, before any of them is applied to
 * the table.
 */
export class DecisionBatch {
  readonly entries: StoreEntry[] = [];
  readonly #table: BanTable;
  readonly #options: DecisionOptions;
  readonly #nowMs: number;
  readonly #bans = new Map<string, Ban | undefined>();
  readonly #names = new Set<string>();
  /** When operators lifted bans in this batch. */
  readonly #lifted = new Map<string, number>();
  /** How many reports of a node this batch adds to those in the table. */
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

  decide({ event: wanted, name, mayLift = false }: HubRequest): HubVerdict {
    if (name !== undefined && this.#wasTaken(name)) return "known";
    if (this.#isLifted(wanted)) {
      this.entries.push({ event: name, change: undefined });
      return "known";
    }
    const ban = this.#find(wanted);
    const event = mayLift ? this.#lifting(ban, wanted) : wanted;
    // Its id is not stored either: it may be sent again when there is room.
    if (this.#isBeyondRoom(ban, event)) return "node-full";
    const { quorumOf } = this.#options;
    const decision = decide(ban, event, this.#nowMs, quorumOf);
    const change = decision.kind === "change"
      ? { ...decision.draft, seq: ++this.#seq }
      : undefined;
    if (change !== undefined) this.#put(ban, change);
    this.entries.push({ event: name, change });
    switch (decision.kind) {
      case "change":
        return "changed";
      case "known":
        return "known";
      case "rejected":
        return decision.reason;
    }
  }

  /** A withdrawal becomes a lift where the node may lift others' reports. */
  #lifting(ban: Ban | undefined, event: TableEvent): TableEvent {
    if (event.kind !== "withdraw") return event;
    const { origin: by, jail, address } = event;
    const isOthers = ban?.reports.some(({ origin, expiresMs }) =>
      origin !== by && expiresMs > this.#nowMs
    );
    return isOthers === true ? { kind: "lift", jail, address, by } : event;
  }

  /** What an operator lifted since it was made is said again, and is no news. */
  #isLifted(event: TableEvent): boolean {
    if (event.kind !== "report" || event.madeMs === undefined) return false;
    const liftedMs = this.#lifted.get(keyOf(event)) ??
      this.#options.store.liftedMs(event);
    return liftedMs !== undefined && event.madeMs <= liftedMs;
  }

  #isBeyondRoom(ban: Ban | undefined, event: TableEvent): boolean {
    if (event.kind !== "report") return false;
    const { origin } = event;
    // How much an import may name is decided of the whole list.
    if (isImportOrigin(origin)) return false;
    if (ban?.reports.some((each) => each.origin === origin)) return false;
    const count = this.#table.reportsOf(origin) + (this.#more.get(origin) ?? 0);
    return count >= this.#options.maxReports;
  }

  #put(before: Ban | undefined, change: Change): void {
    const after = evolve(before, change);
    if (isOperatorsLift(change)) this.#lifted.set(keyOf(change), change.atMs);
    this.#bans.set(keyOf(change), after);
    for (const { origin } of before?.reports ?? []) this.#count(origin, -1);
    for (const { origin } of after?.reports ?? []) this.#count(origin, 1);
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
