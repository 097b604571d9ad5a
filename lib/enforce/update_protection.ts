/**
 * Refuses bans of protected addresses, once for all actions of a host.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import type { ReceiptSink } from "./enforcer.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  refusal,
} from "../protection/protection_policy.ts";

/** Options for the protection of a host against updates. */
export interface UpdateProtectionOptions {
  /** Returns the current rules. */
  readonly policy: CurrentPolicy;
  /** Receives each refusal, once for each action. */
  readonly receipts: ReceiptSink;
  /** Its time is in the receipts, as in those of the actions. */
  readonly clock: Clock;
  /** Receives each refusal, once for all actions. */
  readonly log: Log;
}

/** The rules' verdict on some updates. */
interface Verdict {
  readonly policy: ProtectionPolicy;
  readonly allowed: readonly BanUpdate[];
  readonly refused: readonly RefusedUpdate[];
}

interface RefusedUpdate {
  readonly update: BanUpdate;
  /** The rule that refused it, and what that rule protects. */
  readonly reason: string;
}

/**
 * Judges updates before actions carry them out. Every action asks when it
 * receives updates. All actions receive the same array, and an array is judged
 * again only when the rules have changed. So a refusal is logged and counted
 * once, and each action can ask for itself.
 */
export class UpdateProtection {
  /** What was done so far; `refused`: bans of protected addresses. */
  readonly counters: { refused: number } = { refused: 0 };
  readonly #options: UpdateProtectionOptions;
  readonly #refusals: LogThrottle;
  readonly #verdicts = new WeakMap<readonly BanUpdate[], Verdict>();

  /** @param options The rules, and the receivers of refusals. */
  constructor(options: UpdateProtectionOptions) {
    this.#options = options;
    this.#refusals = new LogThrottle(options.log, options.clock);
  }

  /** The current rules; the same object until they change. */
  get policy(): ProtectionPolicy {
    return this.#options.policy();
  }

  /**
   * Filters out protected bans.
   *
   * @param updates Bans and unbans; an unban is always allowed.
   * @param action Name of the asking action, for the receipts of refusals.
   * Without it there are no receipts.
   * @returns The allowed updates, in order.
   */
  allowed(
    updates: readonly BanUpdate[],
    action?: string,
  ): readonly BanUpdate[] {
    const { allowed, refused } = this.#judgeAll(updates);
    if (action !== undefined) {
      for (const { update, reason } of refused) {
        this.#addReceipt(update, action, reason);
      }
    }
    return allowed;
  }

  /** Logs how many refusals were not logged, if any. */
  flush(): void {
    this.#refusals.flush();
  }

  #judgeAll(updates: readonly BanUpdate[]): Verdict {
    const { policy } = this;
    const known = this.#verdicts.get(updates);
    if (known?.policy === policy) return known;
    const refused: RefusedUpdate[] = [];
    for (const update of updates) {
      const reason = this.#judge(update, policy);
      if (reason !== undefined) refused.push({ update, reason });
    }
    const out = new Set(refused.map(({ update }) => update));
    const allowed = refused.length === 0
      ? updates
      : updates.filter((update) => !out.has(update));
    const verdict = { policy, allowed, refused };
    this.#verdicts.set(updates, verdict);
    return verdict;
  }

  /** @returns The rule that refuses it, and what that rule protects. */
  #judge(update: BanUpdate, policy: ProtectionPolicy): string | undefined {
    if (update.kind === "unban") return undefined;
    const refused = refusal(update.address, policy);
    if (refused === undefined) return undefined;
    this.counters.refused++;
    const { origin: node, address } = update;
    const { rule, because } = refused;
    this.#refusals.record("warning", "refused a protected address", {
      node,
      address,
      rule,
      because,
    });
    return `${rule}: ${because}`;
  }

  #addReceipt(
    { jail, address }: BanUpdate,
    action: string,
    detail: string,
  ): void {
    const { receipts, clock } = this.#options;
    const atMs = clock.nowMs();
    receipts.add({ jail, address, action, outcome: "refused", detail, atMs });
  }
}
