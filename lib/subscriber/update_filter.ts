/**
 * Between a copy of the cluster's bans and the actions: refuses what this host
 * protects, whoever says it.
 *
 * @module
 */

import type { ActionQueue } from "./action_queue.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import {
  type CurrentPolicy,
  type Refusal,
  refusal,
} from "../protection/protection_policy.ts";
import type { ReceiptQueue } from "./receipt_queue.ts";

/** What a filter is made of. */
export interface UpdateFilterOptions {
  /** Where what is to be acted on goes. */
  readonly queue: ActionQueue;
  /** The names of the actions. */
  readonly actionNames: readonly string[];
  /** Told what is refused, for each action. */
  readonly receipts: Pick<ReceiptQueue, "add">;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Decide and log only: do nothing about anything. */
  readonly dryRun: boolean;
}

/** What a filter has done so far. */
export interface UpdateFilterCounters {
  /** Bans and unbans that came. */
  received: number;
  /** Bans of protected addresses. */
  refused: number;
}

/** Decides about news. */
export class UpdateFilter {
  /** What was done so far. */
  readonly counters: UpdateFilterCounters = { received: 0, refused: 0 };
  readonly #options: UpdateFilterOptions;
  readonly #troubleLog: LogThrottle;

  /**
   * Makes a filter.
   *
   * @param options What the filter is made of.
   */
  constructor(options: UpdateFilterOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
  }

  /**
   * Decides, and puts what is left into the queue; resolves once there is room
   * for more.
   */
  async filter(news: readonly BanUpdate[], signal: AbortSignal): Promise<void> {
    this.counters.received += news.length;
    const left = this.allowed(news);
    const { dryRun, queue } = this.#options;
    if (!dryRun) await queue.put(left, signal);
    else for (const each of left) this.#tell(each);
  }

  /** What of it may be acted on. */
  allowed(news: readonly BanUpdate[]): readonly BanUpdate[] {
    return news.filter((each) => this.#isAllowed(each));
  }

  #isAllowed(news: BanUpdate): boolean {
    if (news.kind === "unban") return true;
    const refused = refusal(news.address, this.#options.protection());
    if (refused !== undefined) this.#refuse(news, refused);
    return refused === undefined;
  }

  #refuse({ jail, address, origin }: BanUpdate, { rule, because }: Refusal) {
    const { receipts, actionNames, clock, dryRun } = this.#options;
    this.counters.refused++;
    this.#troubleLog.record("warning", "refused a protected address", {
      node: origin,
      address,
      rule,
      because,
    });
    if (dryRun) return;
    const atMs = clock.nowMs();
    const outcome = "refused";
    for (const action of actionNames) {
      receipts.add({ jail, address, action, outcome, detail: rule, atMs });
    }
  }

  #tell({ kind, origin, jail, address }: BanUpdate): void {
    const { log, actionNames } = this.#options;
    log.record("notice", `would act on ${kind}`, {
      node: origin,
      jail,
      address,
      actions: actionNames.join(","),
    });
  }
}
