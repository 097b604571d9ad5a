/**
 * The publisher's side of the cluster's allowlist: keeps the current list, and
 * lifts the bans that it covers.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import { type BanHub, BusyError, type KeptChange } from "../ban/ban_hub.ts";
import { hasChanged } from "../ban/decision_batch.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { RuntimeError } from "../base/errors.ts";
import { type Allowlist, allowlistAt } from "../protection/allowlist.ts";
import { AllowlistProtection } from "../protection/allowlist_protection.ts";
import type { HostName } from "../base/host_name.ts";
import type { AllowedNetwork } from "../members/member.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import { Condition } from "../async/tasks.ts";

/** Options for {@link AllowlistService}. */
export interface AllowlistServiceOptions {
  /** Decides and stores, and has the current bans. */
  readonly hub: Pick<BanHub, "submit" | "table">;
  /** The system's clock: entries were made by it, and expire by it. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** The origin of the lifts: the publisher's name. */
  readonly by: HostName;
  /** The publisher's own rules. */
  readonly protection: CurrentPolicy;
  /** The first entries, including expired ones. */
  readonly allowed: readonly AllowedNetwork[];
  /** Called with each new list. Must not throw. */
  readonly onChange: (list: Allowlist) => void;
}

/** Maximum number of bans checked and lifted in one step. */
const AT_ONCE = 1_000;
/** Pause before a failed lift is retried, in milliseconds. */
const RETRY_MS = 1_000;

/** Keeps the list, and lifts the bans that it covers. */
export class AllowlistService {
  readonly #options: AllowlistServiceOptions;
  readonly #protection: AllowlistProtection;
  readonly #troubleLog: TroubleLog;
  readonly #changed = new Condition();
  #allowed: readonly AllowedNetwork[];
  /** Whether all bans must be checked. */
  #isDue = true;
  /** Bans that were stored after a check against an older list. */
  #late: Ban[] = [];
  #lifted = 0;

  /**
   * Creates the service; it lifts bans only while it runs.
   *
   * @param options See {@link AllowlistServiceOptions}.
   */
  constructor(options: AllowlistServiceOptions) {
    this.#options = options;
    const { protection, allowed, clock, log } = options;
    this.#allowed = allowed;
    this.#protection = new AllowlistProtection(protection);
    this.#protection.replace(allowlistAt(allowed, clock.nowMs()));
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "bans that the allowlist covers can't be lifted",
      over: "bans that the allowlist covers are lifted again",
    });
  }

  /** The current list. */
  get list(): Allowlist {
    return this.#protection.list;
  }

  /** The publisher's rules, including the allowlist. */
  readonly policy: CurrentPolicy = () => this.#protection.policy;

  /** The note of a network on the list; may be empty. */
  readonly noteOf = (network: string): string =>
    this.#allowed.find((entry) => entry.network === network)?.note ?? "";

  /** Number of lifted bans. */
  get lifted(): number {
    return this.#lifted;
  }

  /** Replaces the entries. */
  update(allowed: readonly AllowedNetwork[]): void {
    this.#allowed = allowed;
    this.tick();
  }

  /** Removes entries that have expired. */
  tick(): void {
    const { clock, log, onChange } = this.#options;
    const list = allowlistAt(this.#allowed, clock.nowMs());
    if (list.revision === this.list.revision) return;
    this.#protection.replace(list);
    log.record("notice", "the allowlist is another", {
      networks: list.ignore.length,
      revision: list.revision,
    });
    onChange(list);
    this.#isDue = true;
    this.#changed.notify();
  }

  /** Checks stored changes that were judged by an older list. */
  note(kept: readonly KeptChange[]): void {
    for (const { after } of kept) {
      if (after === undefined || !this.#protection.covers(after.address)) {
        continue;
      }
      this.#late.push(after);
      this.#changed.notify();
    }
  }

  /**
   * Lifts covered bans until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (true) {
        while (!this.#isDue && this.#late.length === 0) {
          await this.#changed.wait(signal);
        }
        if (await this.#liftAll(signal)) continue;
        this.#isDue = true;
        await clock.delay(RETRY_MS, signal);
      }
    } finally {
      this.#troubleLog.flush();
    }
  }

  /** @returns Whether all are lifted; otherwise the caller retries. */
  async #liftAll(signal: AbortSignal): Promise<boolean> {
    const { hub, clock, log } = this.#options;
    const all = this.#isDue && this.list.ignore.length > 0;
    const bans = all ? hub.table.bans() : this.#late;
    this.#isDue = false;
    this.#late = [];
    const before = this.#lifted;
    let covered: Ban[] = [];
    let looked = 0;
    for (const ban of bans) {
      if (this.#protection.covers(ban.address)) covered.push(ban);
      if (++looked % AT_ONCE > 0) continue;
      if (!await this.#lift(covered)) return false;
      covered = [];
      // Lets other work run between two steps.
      await clock.delay(0, signal);
    }
    if (!await this.#lift(covered)) return false;
    const lifted = this.#lifted - before;
    if (lifted === 0) return true;
    log.record("notice", "lifted what the allowlist covers", { bans: lifted });
    return true;
  }

  async #lift(covered: readonly Ban[]): Promise<boolean> {
    if (covered.length === 0) return true;
    const { hub, by } = this.#options;
    try {
      const verdicts = await hub.submit(covered.map(({ jail, address }) => ({
        event: { kind: "lift", jail, address, by },
      })));
      this.#lifted += verdicts.filter(hasChanged).length;
      this.#troubleLog.resolve();
      return true;
    } catch (error) {
      if (!(error instanceof BusyError || error instanceof RuntimeError)) {
        throw error;
      }
      this.#troubleLog.report(error.message);
      return false;
    }
  }
}
