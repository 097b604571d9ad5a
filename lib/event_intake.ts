/**
 * Takes the events of a monitor's node into the hub.
 *
 * @module
 */

import type { TableEvent } from "./ban_decision.ts";
import type { BanHub } from "./ban_hub.ts";
import type { HubRequest, HubVerdict } from "./decision_batch.ts";
import type { EventResult, NodeEvent } from "./cluster_messages.ts";
import type { HostName } from "./host_name.ts";
import { CLUSTER_JAIL } from "./jail_name.ts";
import type { Clock, Log } from "./ports.ts";
import { type CurrentPolicy, refusal } from "./protection.ts";
import { endMs } from "./wire_times.ts";

/** What an intake is made of. */
export interface EventIntakeOptions {
  /** Where events are decided and kept. */
  readonly hub: Pick<BanHub, "submit">;
  /** Time. */
  readonly clock: Clock;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Where to tell of refusals, which may come without end. */
  readonly complaints: Log;
}

/** What an intake has done so far. */
export interface EventIntakeCounters {
  /** Events that were kept and count. */
  accepted: number;
  /** Events that were known before, or changed nothing. */
  known: number;
  /** Events that were refused for good. */
  refused: number;
}

/** Judges events, and has those that are good kept. */
export class EventIntake {
  /** What was done so far. */
  readonly counters: EventIntakeCounters = {
    accepted: 0,
    known: 0,
    refused: 0,
  };
  readonly #options: EventIntakeOptions;

  /** Makes an intake of what it works with. */
  constructor(options: EventIntakeOptions) {
    this.#options = options;
  }

  /**
   * Takes events. They are in the hub, behind those of earlier calls, when
   * this returns its promise.
   *
   * @param origin The node whose events they are.
   * @param events What it did.
   * @returns What became of each, in their order, once they are kept.
   * @throws as {@link BanHub.submit} does: nothing was taken then.
   */
  async take(
    origin: HostName,
    events: readonly NodeEvent[],
  ): Promise<readonly EventResult[]> {
    const requests: HubRequest[] = [];
    const refusals = events.map((event) => {
      const rule = this.#ruleAgainst(event);
      if (rule !== undefined) return this.#refuse(origin, event, rule);
      const name = { origin, id: event.id };
      requests.push({ event: this.#tableEvent(event, origin), name });
      return undefined;
    });
    const verdicts = await this.#options.hub.submit(requests);
    const judged = verdicts[Symbol.iterator]();
    return refusals.map((refused) =>
      refused ?? this.#resultOf(judged.next().value)
    );
  }

  #ruleAgainst(event: NodeEvent): string | undefined {
    if (event.jail === CLUSTER_JAIL) return "cluster-jail";
    return event.kind === "ban"
      ? refusal(event.address, this.#options.protection())?.rule
      : undefined;
  }

  #refuse(
    node: HostName,
    { jail, address }: NodeEvent,
    rule: string,
  ): EventResult {
    this.counters.refused++;
    const fields = { node, jail, address, rule };
    this.#options.complaints.record("warning", "report refused", fields);
    return { outcome: "refused", rule };
  }

  #tableEvent(event: NodeEvent, origin: HostName): TableEvent {
    const { jail, address } = event;
    if (event.kind === "unban") {
      return { kind: "withdraw", jail, address, origin };
    }
    const nowMs = this.#options.clock.nowMs();
    const expiresMs = endMs(event.remainingMs, nowMs);
    return { kind: "report", jail, address, origin, expiresMs };
  }

  #resultOf(verdict: HubVerdict | undefined): EventResult {
    switch (verdict) {
      case "changed":
        this.counters.accepted++;
        return { outcome: "accepted", rule: "" };
      case "over":
      case "full":
      case "node-full":
        this.counters.refused++;
        return { outcome: "refused", rule: verdict };
      default:
        this.counters.known++;
        return { outcome: "known", rule: "" };
    }
  }
}
