/**
 * Submits a node's events to the hub.
 *
 * @module
 */

import type { TableEvent } from "../ban/ban_decision.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BadKind } from "../members/breaker.ts";
import { isReservedJail } from "../base/operator_name.ts";
import {
  hasChanged,
  type HubRequest,
  type HubVerdict,
} from "../ban/decision_batch.ts";
import type { EventResult, NodeEvent } from "../wire/v2_messages.ts";
import type { HostName } from "../base/host_name.ts";
import { matchesAnyName } from "../base/name_patterns.ts";
import type { Member } from "../members/member.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import type { NodeQuotas } from "./node_quotas.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { ReportLog } from "../log/report_log.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import { endMs } from "../wire/wire_times.ts";

/** Options for {@link EventIntake}. */
export interface EventIntakeOptions {
  /** Decides and stores events. */
  readonly hub: Pick<BanHub, "submit">;
  /** Time. */
  readonly clock: Clock;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  /** Limits and counts of the nodes. */
  readonly quotas: Pick<
    NodeQuotas,
    "spendEvents" | "noteBad" | "noteResults"
  >;
  /** Logs accepted events. */
  readonly log: Log;
  /** Logs refusals, which may be endless. */
  readonly troubleLog: Log;
  /** Called with finally refused reports. Must not throw. @default {no call} */
  readonly onRefused?: (refused: RefusedReport) => void;
}

interface Against {
  readonly rule: string;
  readonly kind: BadKind;
}

/** Counters of a {@link EventIntake} since its start. */
export interface EventIntakeCounters {
  /** Events that were stored and count. */
  accepted: number;
  /** Events that were known before, or changed nothing. */
  known: number;
  /** Events that were finally refused. */
  refused: number;
}

/** Checks events, and has the permitted ones stored. */
export class EventIntake {
  /** Totals since the start. */
  readonly counters: EventIntakeCounters = {
    accepted: 0,
    known: 0,
    refused: 0,
  };
  readonly #options: EventIntakeOptions;
  readonly #accepted: ReportLog;

  /** Creates an intake. */
  constructor(options: EventIntakeOptions) {
    this.#options = options;
    this.#accepted = new ReportLog(options.log, "accepted");
  }

  /**
   * Submits events. When this returns its promise they are in the hub's queue,
   * behind those of earlier calls.
   *
   * @param member The node that sent the events, with its rights.
   * @param events The events.
   * @returns The result of each event, in order, once they are stored.
   * @throws {QuarantinedError} when the node's reports are set aside; nothing
   * was taken.
   * @throws {BusyError} when the node exceeds its rate; nothing was taken.
   * @throws as {@link BanHub.submit} does; nothing was taken.
   */
  async accept(
    member: Member,
    events: readonly NodeEvent[],
  ): Promise<readonly EventResult[]> {
    const { hub, quotas } = this.#options;
    const { name: origin } = member;
    quotas.spendEvents(member, events.length);
    const requests: HubRequest[] = [];
    const judged = events.map((event) => {
      const against = this.#against(event, member);
      if (against === undefined) requests.push(this.#request(event, member));
      return { event, against };
    });
    const verdicts = (await hub.submit(requests))[Symbol.iterator]();
    // Counts after the store succeeded: otherwise the events come again.
    const results = judged.map(({ event, against }) =>
      against === undefined
        ? this.#resultOf(origin, event, verdicts.next().value)
        : this.#refuse(origin, event, against)
    );
    this.#accepted.flush();
    quotas.noteResults(origin, results.map(({ outcome }) => outcome));
    return results;
  }

  #against(
    event: NodeEvent,
    { rights }: Member,
  ): Against | undefined {
    const { kind, jail, address } = event;
    if (isReservedJail(jail)) {
      return { rule: "cluster-jail", kind: "refused" };
    }
    // A node may always withdraw its earlier reports, whatever its rights are
    // now.
    if (kind === "unban") return undefined;
    if (!matchesAnyName(rights.jails, jail)) {
      return { rule: "jail-right", kind: "refused" };
    }
    const rule = refusal(address, this.#options.protection())?.rule;
    return rule === undefined ? undefined : { rule, kind: "protected" };
  }

  #request(event: NodeEvent, { name: origin, rights }: Member): HubRequest {
    // When a node's own ban expires, other nodes' reports still stand.
    const isLift = event.kind === "unban" && event.why === "lifted";
    return {
      event: this.#tableEvent(event, origin),
      name: { origin, id: event.id },
      isByHand: isLift,
      mayLift: isLift && rights.mayUnban &&
        matchesAnyName(rights.jails, event.jail),
    };
  }

  #refuse(
    node: HostName,
    { jail, address }: NodeEvent,
    { rule, kind }: Against,
  ): EventResult {
    // A node may not know its jail rights, and its rate already limits such
    // events.
    if (rule !== "jail-right") this.#options.quotas.noteBad(node, kind);
    const fields = { node, jail, address, rule };
    this.#options.troubleLog.record("warning", "report refused", fields);
    return this.#refused(fields);
  }

  #refused(refused: RefusedReport): EventResult {
    this.counters.refused++;
    this.#options.onRefused?.(refused);
    return { outcome: "refused", rule: refused.rule, change: null };
  }

  #tableEvent(event: NodeEvent, origin: HostName): TableEvent {
    const { jail, address } = event;
    if (event.kind === "unban") {
      return { kind: "withdraw", jail, address, origin };
    }
    const nowMs = this.#options.clock.nowMs();
    const expiresMs = endMs(event.remainingMs, nowMs);
    const madeMs = nowMs - event.agoMs;
    return {
      ...{ kind: "report", jail, address, origin, expiresMs, madeMs },
      isExact: true,
    };
  }

  #resultOf(
    node: HostName,
    { kind, jail, address, id }: NodeEvent,
    verdict: HubVerdict | undefined,
  ): EventResult {
    if (hasChanged(verdict)) {
      this.counters.accepted++;
      this.#accepted.add({ kind, node, jail, address, id, change: verdict });
      return { outcome: "accepted", rule: "", change: verdict };
    }
    switch (verdict) {
      case "over":
      case "full":
      case "node-full":
        return this.#refused({ node, jail, address, rule: verdict });
      default:
        this.counters.known++;
        return { outcome: "known", rule: "", change: null };
    }
  }
}
