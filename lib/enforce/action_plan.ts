/**
 * Plans how to get from the bans that are in force to those that should be.
 *
 * The plan knows of each ban whether it is wanted and whether it is in force,
 * and hands out the difference in batches: news first, then the backlog. A
 * change that is undone before its turn costs nothing. A failed ban is tried
 * again after a growing pause. When a whole batch fails everything pauses, and
 * the state of its bans is unknown until they are tried again.
 *
 * @module
 */

import type { HostBanChange } from "./host_bans.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { BanKey } from "../ban/ban.ts";
import { PlanBans, PlanEntry, PlanTally, strayBan } from "./plan_entry.ts";
import { PlanQueue, PlanRate } from "./plan_schedule.ts";
import type {
  ActionPlanOptions,
  Drift,
  PlanAction,
  PlanBatch,
  PlanFigures,
  PlanState,
} from "./plan_types.ts";
import type { ActiveBan, EnforcementFailure, HostBan } from "./enforcer.ts";

/** Bans examined for a batch, as a multiple of the batch's size. */
const LOOK_AHEAD_FACTOR = 10;
/** Bans compared in one step: some milliseconds of work. */
const DEFAULT_STEP_BANS = 2_000;

/** Keeps the plan of one action. Time is an argument. */
export class ActionPlan {
  readonly #options: ActionPlanOptions;
  readonly #rate: PlanRate;
  readonly #maxBansAtOnce: number;
  readonly #stepBans: number;
  readonly #bans: PlanBans;
  readonly #queue = new PlanQueue<PlanEntry>();
  /** Bans that failed and will be tried again. */
  readonly #failing = new Set<PlanEntry>();
  /** Bans that were refused; they are tried again only after a change. */
  readonly #refused = new Set<PlanEntry>();
  /** Whether the backlog waits until the bans in force are known. */
  #isHeld = false;
  /** Whether a ban withdrawn during the hold may be in force. */
  #liftsUnknown = false;
  #lastReason: string | undefined;
  readonly #tally = new PlanTally();

  /** @param options How the plan's enforcer takes bans. */
  constructor(options: ActionPlanOptions) {
    this.#options = options;
    this.#rate = new PlanRate(options);
    const { maxBansAtOnce, stepBans = DEFAULT_STEP_BANS } = options;
    this.#stepBans = stepBans;
    this.#bans = new PlanBans(options.lapses);
    this.#maxBansAtOnce = Math.min(maxBansAtOnce, this.#rate.maxBansAtOnce);
  }

  /** Number of bans that should be in force. */
  get wanted(): number {
    return this.#tally.wanted;
  }

  /** How much work the plan has. */
  get figures(): PlanFigures {
    const failing = this.#failing.size;
    return {
      inForce: this.#tally.inForce,
      waiting: this.#queue.size,
      failing,
      refused: this.#refused.size,
      lastReason: failing > 0 ? this.#lastReason : undefined,
    };
  }

  /** Applies a change of the bans that should be in force. */
  update({ kind, ban }: Pick<HostBanChange, "kind" | "ban">): void {
    const { lapses } = this.#options;
    const entry = this.#bans.changed(ban, kind === "stands");
    if (entry === undefined) return;
    this.#tally.change(entry, () => {
      entry.wanted = kind === "stands" ? ban : undefined;
      if (kind === "lapsed" && lapses && entry.hasLapsed(ban.expiresMs)) {
        entry.record(undefined);
        // A list made earlier still has it.
        this.#bans.noteNewer(ban);
      } else if (kind === "withdrawn" && this.#liftsUnknown) {
        entry.noteTry(ban);
      }
    });
    // A change does not wait with the backlog.
    if (this.#isHeld && entry.place === "queued") {
      this.#queue.delete(entry);
      entry.place = "idle";
    }
    this.#place(entry, "news");
  }

  /**
   * Makes everything planned or adopted so far wait until
   * {@link ActionPlan.release}: meanwhile only new changes are handed out.
   *
   * @param liftsUnknown Whether a ban withdrawn meanwhile is lifted even if it
   * may not be in force: for an enforcer whose bans are all ours.
   */
  hold(liftsUnknown = false): void {
    this.#liftsUnknown = liftsUnknown;
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#queue.postpone();
  }

  /** Ends {@link ActionPlan.hold}. */
  release(): void {
    this.#isHeld = false;
    this.#liftsUnknown = false;
  }

  /**
   * Records that a ban is already in force, wanted or not.
   *
   * @param ban The ban as it is in force.
   * @param state `applied`: this action applied it; `tried`: it may have;
   * `hosted`: the ban is wanted, but it is the host's own and is never lifted.
   */
  adopt(
    ban: HostBan,
    state: "applied" | "tried" | "hosted" = "applied",
  ): void {
    const entry = this.#bans.entry(ban);
    this.#tally.change(entry, () => {
      if (state === "applied") entry.record(ban);
      else if (state === "tried") entry.noteTry(ban);
      else entry.hosted = true;
    });
    this.#place(entry, "backlog");
  }

  /** Records that a ban is not in force. */
  miss(ban: Pick<HostBan, "jail" | "address">): void {
    const entry = this.#bans.find(ban);
    if (entry === undefined) return;
    this.#tally.change(entry, () => entry.record(undefined));
    this.#place(entry, "backlog");
  }

  /** Whether this action put a ban in force. */
  stateOf(ban: BanKey): PlanState {
    return this.#bans.stateOf(ban);
  }

  /** The wanted bans that this action put in force, as they are wanted. */
  standing(): readonly HostBan[] {
    return this.#bans.standing();
  }

  /** Whether a wanted ban is in force with no work pending or under way. */
  isSettled(ban: BanKey): boolean {
    return this.#bans.isSettled(ban);
  }

  /**
   * Hands out the next batch. Its outcome is recorded before the next call.
   *
   * @param nowMs A clock that never jumps, in milliseconds.
   * @returns The batch; `undefined` when nothing is due, see
   * {@link ActionPlan.nextAtMs}.
   */
  next(nowMs: number): PlanBatch | undefined {
    this.#endPauses(nowMs);
    if (nowMs < this.#rate.nextAtMs) return undefined;
    const bans: HostBan[] = [];
    let verb: PlanAction | undefined;
    let lookedAt = 0;
    for (const entry of this.#queue.waiting(this.#isHeld)) {
      const need = entry.need(this.#options.lapses);
      if (need === undefined) continue;
      verb ??= need.verb;
      const isFull = bans.length >= this.#maxBansAtOnce;
      if (isFull || lookedAt++ > LOOK_AHEAD_FACTOR * this.#maxBansAtOnce) break;
      if (need.verb !== verb) continue;
      this.#queue.delete(entry);
      entry.place = "busy";
      this.#bans.noteNewer(entry.ban);
      bans.push(need.ban);
    }
    if (verb === undefined) return undefined;
    this.#rate.handedOut(bans.length, nowMs);
    return { verb, bans };
  }

  /** When `next` may have a batch; `undefined`: not before a change. */
  get nextAtMs(): number | undefined {
    const { hasNews, nextAtMs } = this.#queue;
    const atMs = this.#isHeld ? hasNews ? -Infinity : undefined : nextAtMs;
    return atMs === undefined ? atMs : Math.max(atMs, this.#rate.nextAtMs);
  }

  /**
   * Records how a batch went.
   *
   * @param failures The bans of the batch that failed.
   * @param nowMs The same clock as for `next`.
   */
  record(
    { verb, bans }: PlanBatch,
    failures: readonly EnforcementFailure[],
    nowMs: number,
  ): void {
    this.#rate.worked();
    const failed = new BanMap<EnforcementFailure>();
    for (const failure of failures) failed.set(failure.ban, failure);
    for (const ban of bans) {
      this.#bans.noteNewer(ban);
      const entry = this.#bans.entry(ban);
      const failure = failures.length === 0 ? undefined : failed.get(ban);
      this.#tally.change(entry, () => entry.conclude(verb, ban, failure));
      entry.place = "idle";
      this.#concluded(entry, failure, nowMs);
    }
  }

  /**
   * Records that a batch failed as a whole: everything waits.
   *
   * @param reason Why, in one sentence.
   * @param nowMs The same clock as for `next`.
   */
  fail(batch: PlanBatch, reason: string, nowMs: number): void {
    this.#rate.failed(nowMs);
    for (const ban of batch.bans) {
      this.#bans.noteNewer(ban);
      const entry = this.#bans.entry(ban);
      entry.noteTry(ban);
      this.#failing.add(entry);
      this.#lastReason = reason;
      entry.place = "idle";
      this.#place(entry, "backlog");
    }
  }

  /**
   * Announces a list of the bans in force. The list may take a while: bans that
   * change until it is there are left out of the comparison.
   */
  beginComparison(): void {
    this.#bans.beginComparison();
  }

  /** Ends a comparison; returns the keys of bans changed since it began. */
  endComparison(): ReadonlySet<string> {
    return this.#bans.endComparison();
  }

  /**
   * Compares the plan with the bans really in force and plans the repair, in
   * steps of a limited number of bans. A change between two steps counts as
   * newer than the list.
   *
   * @param listed The bans in force.
   * @param isOurs Whether a listed ban that nobody wants may be lifted.
   * @param nowMs The clock of the bans' ends: a ban that has ended is not
   * missing.
   * @param retriesRefused Whether refused bans are tried again.
   * @returns The steps; at last, what differed.
   */
  *reconcile(
    listed: readonly ActiveBan[],
    isOurs: (ban: ActiveBan) => boolean,
    nowMs = -Infinity,
    retriesRefused = true,
  ): Generator<void, Drift, undefined> {
    let looked = 0;
    const isStepOver = () => ++looked % this.#stepBans === 0;
    const found = new BanMap<ActiveBan>();
    for (const ban of listed) {
      found.set(ban, ban);
      if (isStepOver()) yield;
    }
    let missing = 0;
    for (const isMissing of this.#compare(found, nowMs, retriesRefused)) {
      if (isMissing) missing++;
      if (isStepOver()) yield;
    }
    let surplus = 0;
    for (const ban of found.values()) {
      if (!this.#bans.isNewer(ban) && isOurs(ban)) {
        surplus++;
        this.adopt(strayBan(ban, this.#options.hostName));
      }
      if (isStepOver()) yield;
    }
    this.endComparison();
    return { missing, surplus };
  }

  /** Compares known bans and removes them from `found`; yields if missing. */
  *#compare(
    found: BanMap<ActiveBan>,
    nowMs: number,
    retriesRefused: boolean,
  ): Generator<boolean, void, undefined> {
    const bans = this.#bans;
    for (const known of bans.all()) {
      if (known instanceof PlanEntry) {
        if (bans.isNewer(known.ban)) continue;
        const isLooked = known.place !== "refused" || retriesRefused;
        const there = found.get(known.ban);
        if (isLooked) found.delete(known.ban);
        yield isLooked && this.#correct(known, there, nowMs);
        continue;
      }
      const there = found.get(known);
      if (there !== undefined) found.delete(known);
      yield !bans.isNewer(known) && !bans.isAsListed(known, there) &&
        this.#correct(bans.entry(known), there, nowMs);
    }
  }

  /** The bans that became neither wanted nor in force since the last call. */
  takeFinished(): readonly HostBan[] {
    return this.#bans.takeFinished();
  }

  /** Whether the plan was wrong to count the ban as in force as wanted. */
  #correct(
    entry: PlanEntry,
    there: ActiveBan | undefined,
    nowMs: number,
  ): boolean {
    const { lapses } = this.#options;
    if (entry.place === "busy") return false;
    const wasHosted = entry.hosted;
    const verbBefore = entry.verb(lapses);
    this.#tally.change(entry, () => entry.correct(there));
    const verb = entry.verb(lapses);
    this.#place(entry, "backlog");
    const hasEnded = (entry.wanted?.expiresMs ?? Infinity) <= nowMs;
    return verb === "apply" && verbBefore === undefined && !wasHosted &&
      !hasEnded;
  }

  /** Puts a ban in its place after a try. */
  #concluded(
    entry: PlanEntry,
    failure: EnforcementFailure | undefined,
    nowMs: number,
  ): void {
    const isOver = failure === undefined || failure.kind === "present" ||
      entry.verb(this.#options.lapses) === undefined;
    if (isOver) {
      entry.failures = 0;
      this.#failing.delete(entry);
      this.#place(entry, "news");
    } else if (failure.kind === "refused") {
      this.#failing.delete(entry);
      this.#refused.add(entry);
      entry.place = "refused";
    } else {
      this.#failing.add(entry);
      this.#lastReason = failure.reason;
      entry.place = "paused";
      const pauseMs = this.#rate.pauseMs(entry.failures++);
      this.#queue.pause(entry, nowMs + pauseMs);
    }
  }

  /** Puts a ban in its place after a change: news before the backlog. */
  #place(entry: PlanEntry, part: "news" | "backlog"): void {
    if (entry.place === "busy" || entry.place === "paused") return;
    if (entry.place === "refused") this.#refused.delete(entry);
    if (entry.verb(this.#options.lapses) === undefined) {
      if (entry.place === "queued") this.#queue.delete(entry);
      this.#failing.delete(entry);
      entry.failures = 0;
      entry.place = "idle";
      this.#bans.settle(entry);
    } else if (entry.place !== "queued") {
      entry.place = "queued";
      this.#queue.add(entry, part);
    }
  }

  #endPauses(nowMs: number): void {
    for (const entry of this.#queue.takeDue(nowMs)) {
      entry.place = "idle";
      this.#place(entry, "backlog");
    }
  }
}
