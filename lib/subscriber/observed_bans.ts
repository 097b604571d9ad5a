/**
 * Counts what would be done about bans, and does nothing: in a dry run, with
 * `subscriberaction = none`, and for what nodes report that are only observed.
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

/** Options for bans that are only observed. */
export interface ObservedBansOptions {
  /** Names of the actions that would be given updates. */
  readonly actionNames: readonly string[];
  /** The bans that would be in force; nobody else changes it. */
  readonly desired: DesiredBans;
  /** Refuses what the actions would refuse; no receipt tells of it. */
  readonly protection: UpdateProtection;
  readonly clock: SteadyClock;
  /** Told of each update that is allowed. */
  readonly log: Log;
}

/** Interval between looks for bans that have ended. */
const EXPIRY_INTERVAL_MS = 1_000;

/** Keeps what would be in force on this host. */
export class ObservedBans {
  readonly #options: ObservedBansOptions;
  #banned = 0;
  #lifted = 0;
  #refused = 0;

  /** @param options Who would act, and where that is logged. */
  constructor(options: ObservedBansOptions) {
    this.#options = options;
  }

  /** What would have been done so far. */
  get state(): ObservedState {
    const [banned, lifted, refused] = [
      this.#banned,
      this.#lifted,
      this.#refused,
    ];
    return { wanted: this.#options.desired.size, banned, lifted, refused };
  }

  /** Takes what was wanted before this program was started: it is no news. */
  begin(updates: readonly BanUpdate[]): void {
    const { desired, protection, clock } = this.#options;
    const nowMs = clock.nowMs();
    for (const update of protection.allowed(updates)) {
      desired.update(update, nowMs);
    }
  }

  /** Takes updates, and logs each that is allowed. */
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

  /** Takes updates as a queue of actions does: at once. */
  put(updates: readonly BanUpdate[], _signal: AbortSignal): Promise<void> {
    this.take(updates);
    return Promise.resolve();
  }

  /**
   * Lets bans end, until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
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
