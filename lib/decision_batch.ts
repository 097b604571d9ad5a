/**
 * Decides events that are kept together.
 *
 * @module
 */

import { type Ban, type BanKey, keyOf } from "./ban.ts";
import {
  decide,
  evolve,
  type QuorumOf,
  type Rejection,
  type TableEvent,
} from "./ban_decision.ts";
import type { BanTable } from "./ban_table.ts";
import type { EventId } from "./cluster_messages.ts";
import type { BanStore, StoreEntry } from "./cluster_ports.ts";
import type { HostName } from "./host_name.ts";

/** An event and its name. */
export interface HubRequest {
  /** What is wanted of the table. */
  readonly event: TableEvent;
  /** By it a repetition is told; `undefined`: it has none. */
  readonly name?: { readonly origin: HostName; readonly id: EventId };
}

/** What became of an event; all but `changed` changed nothing. */
export type HubVerdict = "changed" | "known" | Rejection;

/** What decisions take. */
export interface DecisionOptions {
  /** Knows which events were taken before. */
  readonly store: Pick<BanStore, "hasEvent">;
  /** How many nodes a ban takes. */
  readonly quorumOf: QuorumOf;
}

/** Events that are decided one after the other, before any of them counts. */
export class DecisionBatch {
  readonly entries: StoreEntry[] = [];
  readonly #table: BanTable;
  readonly #options: DecisionOptions;
  readonly #nowMs: number;
  readonly #bans = new Map<string, Ban | undefined>();
  readonly #names = new Set<string>();
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

  take({ event, name }: HubRequest): HubVerdict {
    if (name !== undefined && this.#wasTaken(name)) return "known";
    const ban = this.#find(event);
    const { quorumOf } = this.#options;
    const decision = decide(ban, event, this.#nowMs, quorumOf);
    const change = decision.kind === "change"
      ? { ...decision.draft, seq: ++this.#seq }
      : undefined;
    if (change !== undefined) {
      this.#bans.set(keyOf(change), evolve(ban, change));
    }
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
