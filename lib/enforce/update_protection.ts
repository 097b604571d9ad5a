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
  /** Gives the rules that hold now. */
  readonly policy: CurrentPolicy;
  /** Told of each refusal, once for each action. */
  readonly receipts: ReceiptSink;
  /** Receipts have its time, as those of the actions. */
  readonly clock: Clock;
  /** Told of each refusal, once for all actions. */
  readonly log: Log;
}

/** An answer of the rules. */
interface Verdict {
  readonly policy: ProtectionPolicy;
  /** The rule that refused the update and what it protects, if one did. */
  readonly reason: string | undefined;
}

/**
 * Judges updates before actions carry them out. Every action asks when it is
 * given updates; all of them are given the same objects, and an object is
 * judged again only when the rules have changed in between. So a refusal is
 * logged and counted once, and no action has to rely on another to have asked.
 */
export class UpdateProtection {
  /** What was done so far: `refused`, bans of protected addresses. */
  readonly counters: { refused: number } = { refused: 0 };
  readonly #options: UpdateProtectionOptions;
  readonly #refusals: LogThrottle;
  readonly #verdicts = new WeakMap<BanUpdate, Verdict>();

  /** @param options The rules, and who is told of refusals. */
  constructor(options: UpdateProtectionOptions) {
    this.#options = options;
    this.#refusals = new LogThrottle(options.log, options.clock);
  }

  /** The rules that hold now; the same object as long as they do. */
  get policy(): ProtectionPolicy {
    return this.#options.policy();
  }

  /**
   * Refuses what is protected.
   *
   * @param updates Bans and unbans; an unban is always allowed.
   * @param action Name of the action that asks: its receipts tell of refusals.
   * Without it no receipt does.
   * @returns The updates that may be carried out, in order.
   */
  allowed(
    updates: readonly BanUpdate[],
    action?: string,
  ): readonly BanUpdate[] {
    return updates.filter((update) => {
      const reason = this.#judge(update);
      if (reason === undefined) return true;
      if (action !== undefined) this.#addReceipt(update, action, reason);
      return false;
    });
  }

  /** Logs how many refusals were not logged, if any were not. */
  flush(): void {
    this.#refusals.flush();
  }

  /** @returns The rule that refuses it, and what it protects. */
  #judge(update: BanUpdate): string | undefined {
    if (update.kind === "unban") return undefined;
    const { policy } = this;
    const known = this.#verdicts.get(update);
    if (known?.policy === policy) return known.reason;
    const refused = refusal(update.address, policy);
    const reason = refused && `${refused.rule}: ${refused.because}`;
    this.#verdicts.set(update, { policy, reason });
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
    return reason;
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
