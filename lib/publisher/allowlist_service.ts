/**
 * The publisher's side of the fleet's allowlist: who is on it now, and no ban
 * that it covers stands.
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
  /** Decides, keeps and has the bans that stand. */
  readonly hub: Pick<BanHub, "submit" | "table">;
  /** Entries end by it: the system's, by which they were made. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** In whose name bans are lifted: the publisher's. */
  readonly by: HostName;
  /** The publisher's own rules. */
  readonly protection: CurrentPolicy;
  /** The entries at first, those that are over among them. */
  readonly allowed: readonly AllowedNetwork[];
  /** Told of each list that follows. Must not throw. */
  readonly onChange: (list: Allowlist) => void;
}

/** Bans that are looked at, and lifted, in one step at most. */
const AT_ONCE = 1_000;
/** Pause before what could not be lifted is tried again, in milliseconds. */
const RETRY_MS = 1_000;

/** Keeps the list, and lifts what it covers. */
export class AllowlistService {
  readonly #options: AllowlistServiceOptions;
  readonly #protection: AllowlistProtection;
  readonly #troubleLog: TroubleLog;
  readonly #changed = new Condition();
  #allowed: readonly AllowedNetwork[];
  /** Whether all that stands has to be looked at. */
  #isDue = true;
  /** What was kept after it was judged by another list. */
  #late: Ban[] = [];
  #lifted = 0;

  /**
   * Makes one; it lifts once it runs.
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

  /** Who is on it now. */
  get list(): Allowlist {
    return this.#protection.list;
  }

  /** The publisher's rules, the allowlist among them. */
  readonly policy: CurrentPolicy = () => this.#protection.policy;

  /** Why a network is on it; empty: nobody said. */
  readonly noteOf = (network: string): string =>
    this.#allowed.find((entry) => entry.network === network)?.note ?? "";

  /** Bans that were lifted. */
  get lifted(): number {
    return this.#lifted;
  }

  /** Goes by other entries. */
  update(allowed: readonly AllowedNetwork[]): void {
    this.#allowed = allowed;
    this.tick();
  }

  /** Lets time pass: entries end. */
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

  /** Looks at changes that were judged by the list before, and kept meanwhile. */
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
   * Lifts until aborted.
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

  /** @returns Whether all of it is lifted; otherwise it is to be tried again. */
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
      // Others have their turn between two steps.
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
