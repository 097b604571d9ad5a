/**
 * Counts what the actions would do about bans, without acting: in a dry run,
 * with `subscriberaction = none`, and for bans that the host only observes.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";
import type { DesiredBans } from "../enforce/desired_bans.ts";
import type { HostBanChange } from "../enforce/host_bans.ts";
import type { UpdateProtection } from "../enforce/update_protection.ts";
import type { SteadyClock } from "../async/steady_clock.ts";
import type { Log } from "../log/log.ts";
import type { ObservedState } from "../wire/v2_messages.ts";

/** Options for {@link ObservedBans}. */
export interface ObservedBansOptions {
  /** Names of the actions that would receive the updates. */
  readonly actionNames: readonly string[];
  /** The bans that would be in force; nothing else changes it. */
  readonly desired: DesiredBans;
  /** Refuses what the actions would refuse, without a receipt. */
  readonly protection: UpdateProtection;
  readonly clock: SteadyClock;
  /** Records each allowed update. */
  readonly log: Log;
}

/** Interval between expiry sweeps. */
const EXPIRY_INTERVAL_MS = 1_000;

/** Tracks the bans that would be in force on this host. */
export class ObservedBans {
  readonly #options: ObservedBansOptions;
  #banned = 0;
  #lifted = 0;
  #refused = 0;

  /** @param options See {@link ObservedBansOptions}. */
  constructor(options: ObservedBansOptions) {
    this.#options = options;
  }

  /** Counts of what would have been done. */
  get state(): ObservedState {
    const [banned, lifted, refused] = [
      this.#banned,
      this.#lifted,
      this.#refused,
    ];
    return { wanted: this.#options.desired.size, banned, lifted, refused };
  }

  /** Adds bans from before this program's start, without counting them. */
  begin(updates: readonly BanUpdate[]): void {
    const { desired, protection, clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const update of protection.allowed(updates)) {
      desired.update(update, nowMs);
    }
  }

  /** Handles updates, and logs each allowed one. */
  take(updates: readonly BanUpdate[]): void {
    const { desired, protection, clock } = this.#options;
    const nowMs = clock.nowMs();
    const allowed = protection.allowed(updates);
    this.#refused += updates.length - allowed.length;
    for (const update of allowed) {
      this.#tell(update);
      const before = desired.size;
      this.#count(desired.update(update, nowMs));
      this.#banned += Math.max(0, desired.size - before);
    }
  }

  /** Handles updates at once, with the signature of an action queue. */
  put(updates: readonly BanUpdate[], _signal: AbortSignal): Promise<void> {
    this.take(updates);
    return Promise.resolve();
  }

  /**
   * Expires bans until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { desired, clock } = this.#options;
    while (true) {
      await clock.delay(EXPIRY_INTERVAL_MS, signal);
      this.#count(desired.expire(clock.nowMs()));
    }
  }

  #count(changes: readonly HostBanChange[]): void {
    this.#lifted += changes.filter(({ kind }) => kind !== "stands").length;
  }

  #tell({ kind, origin: node, jail, address, change }: BanUpdate): void {
    const { actionNames, log } = this.#options;
    const actions = actionNames.join(",");
    const fields = { node, jail, address, actions, change };
    log.record("notice", `would act on ${kind}`, fields);
  }
}
