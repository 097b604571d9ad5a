/**
 * Explains to operators what is known of an address.
 *
 * @module
 */

import type { SharedTurns } from "../async/shared_turns.ts";
import type { Ban, Change } from "../ban/ban.ts";
import { type GrowthOf, timesBefore } from "../ban/ban_growth.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import { type PastBan, pastBans } from "../ban/ban_past.ts";
import type { BanStore } from "../ban/ban_store.ts";
import {
  GROWN_ORIGIN,
  isOperatorOrigin,
  WIDENED_ORIGIN,
} from "../base/operator_name.ts";
import { type Address, prefixesAround } from "../base/address.ts";
import { type HostName, sameHost } from "../base/host_name.ts";
import type { NodeRecords } from "../members/node_records.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import {
  MAX_WHY_BANS,
  type WhyAnswer,
  type WhyBan,
  type WhyEnd,
  type WhyGrown,
  type WhyLast,
  type WhyRefusal,
} from "../wire/operator_why.ts";
import { operatorBan } from "./ban_listing.ts";
import type { WidenedOf } from "./networks_around.ts";
import { EnforcementView, type EnforcingNodes } from "./enforcement_view.ts";

/** Options for {@link WhyService}. */
export interface WhyServiceOptions {
  readonly hub: Pick<BanHub, "table">;
  readonly store: Pick<BanStore, "receipts" | "history" | "jailsOf">;
  readonly records: Pick<NodeRecords, "auditOf">;
  readonly nodes: EnforcingNodes;
  /**
   * The rules for addresses that are never banned, including the cluster's
   * allowlist.
   */
  readonly protection: CurrentPolicy;
  /** The note of a network on the allowlist; may be empty. */
  readonly noteOf: (network: string) => string;
  /** The origin of lifts by the allowlist: the publisher's name. */
  readonly hostName: HostName;
  readonly keepHistoryMs: number;
  /** Why a network is banned by widening. */
  readonly widenedOf: WidenedOf;
  /** How much longer repeated bans last. */
  readonly growthOf: GrowthOf;
  /** Time by the table's clock. */
  readonly nowMs: () => number;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly turns: SharedTurns;
}

/** Maximum number of an address's changes to read in each jail. */
const MAX_CHANGES = 300;
/** Maximum number of jails whose history is read. */
const MAX_JAILS = 20;
/** Maximum number of an address's audit entries to read. */
const MAX_ENTRIES = 50;
/** Maximum time between a lift and its audit entry, in milliseconds. */
const AUDIT_TIME_MS = 60_000;

/** Looks up addresses. */
export class WhyService {
  readonly #options: WhyServiceOptions;

  /** @param options See {@link WhyServiceOptions}. */
  constructor(options: WhyServiceOptions) {
    this.#options = options;
  }

  /**
   * Looks an address up.
   *
   * @param address An address or prefix.
   * @param signal Ends it.
   * @throws {RuntimeError} when the store can't be read.
   */
  async why(address: Address, signal: AbortSignal): Promise<WhyAnswer> {
    const { store, nodes, turns, keepHistoryMs } = this.#options;
    const view = new EnforcementView(store, nodes);
    const bans = await turns.take(
      signal,
      () => this.#around(address).map((ban) => this.#ban(ban, view)),
    );
    const past: PastBan[] = [];
    for (const jail of store.jailsOf(address).slice(0, MAX_JAILS)) {
      past.push(
        ...await turns.take(signal, () =>
          pastBans(
            store.history({ jail, address }, MAX_CHANGES),
            this.#options.nowMs(),
          )),
      );
    }
    past.sort((left, right) => left.endedMs - right.endedMs);
    const last = past.at(-1);
    const firstMs = Math.min(...past.map(({ beganMs }) => beganMs));
    return {
      address,
      bans,
      times: past.length,
      timesByOperator:
        past.filter(({ origins }) => origins.some(isOperatorOrigin)).length,
      firstMs: past.length === 0 ? null : this.#systemMs(firstMs),
      knownMs: keepHistoryMs,
      last: last === undefined ? null : this.#last(address, last),
      refusal: this.#refusal(address),
    };
  }

  #around(address: Address): readonly Ban[] {
    const { hub: { table } } = this.#options;
    return [address, ...prefixesAround(address)].flatMap((each) => [
      ...table.ofAddress(each),
    ]).slice(0, MAX_WHY_BANS);
  }

  #ban(ban: Ban, view: EnforcementView): WhyBan {
    const { store, aheadMs } = this.#options;
    const changes = store.history(ban, MAX_CHANGES);
    return {
      ban: operatorBan(ban, view, aheadMs()),
      changes: ban.reports.map(({ origin }) => lastReportOf(changes, origin)),
      enforcement: view.details(ban),
      widened: ban.reports.some(({ origin }) => origin === WIDENED_ORIGIN)
        ? this.#options.widenedOf(ban) ?? null
        : null,
      grown: this.#grown(ban, changes),
    };
  }

  #grown(ban: Ban, changes: readonly Change[]): WhyGrown | null {
    const { growthOf, nowMs } = this.#options;
    const growth = growthOf(ban.jail);
    const isGrown = ban.reports.some(({ origin }) => origin === GROWN_ORIGIN);
    if (growth === undefined || !isGrown) return null;
    return {
      times: timesBefore(changes, nowMs(), growth, "so far"),
      ...growth,
    };
  }

  #last(address: Address, last: PastBan): WhyLast {
    const { jail, beganMs, endedMs, origins } = last;
    return {
      jail,
      beganMs: this.#systemMs(beganMs),
      endedMs: this.#systemMs(endedMs),
      ...this.#endOf(address, last),
      nodes: origins,
    };
  }

  #endOf(
    address: Address,
    { end, by, endedMs }: PastBan,
  ): { readonly end: WhyEnd; readonly by: string } {
    if (end === "expiry" || by === undefined) return { end: "expiry", by: "" };
    if (end === "withdraw") return { end, by };
    if (isOperatorOrigin(by)) {
      return { end: "operator", by: this.#lifter(address, endedMs) };
    }
    return sameHost(by, this.#options.hostName)
      ? { end: "allowlist", by: "" }
      : { end: "node", by };
  }

  /** The operator who lifted it; empty when the audit has no entry. */
  #lifter(address: Address, endedMs: number): string {
    const systemMs = this.#systemMs(endedMs);
    const entries = this.#options.records.auditOf(address, MAX_ENTRIES);
    return entries.findLast(({ action, atMs }) =>
      action === "unban" && Math.abs(atMs - systemMs) <= AUDIT_TIME_MS
    )?.by ?? "";
  }

  #refusal(address: Address): WhyRefusal | null {
    const { protection, noteOf } = this.#options;
    const refused = refusal(address, protection());
    if (refused === undefined) return null;
    const note = refused.rule === "allowlist" ? noteOf(refused.because) : "";
    return { ...refused, note };
  }

  #systemMs(ms: number): number {
    return Math.round(ms + this.#options.aheadMs());
  }
}

function lastReportOf(
  changes: readonly Change[],
  origin: HostName,
): number | null {
  return changes.findLast((change) =>
    change.kind === "report" && sameHost(change.origin, origin)
  )?.seq ?? null;
}
