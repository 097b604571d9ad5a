/**
 * From what should be in force to what is to be done about it.
 *
 * The plan knows of each ban whether it is wanted and whether it is in force,
 * and hands out the difference in batches: news first, then the backlog. What
 * changes back before its turn costs nothing. Bans that failed are tried again
 * after a growing pause; when a whole batch fails everything pauses, and of its
 * bans nobody knows whether they are in force until they were tried again.
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

/** Bans looked at for a batch of one verb, as a multiple of what the batch takes. */
const LOOK_AHEAD_FACTOR = 10;
/** Some milliseconds of work. */
const DEFAULT_STEP_BANS = 2_000;

/** Keeps the plan of one action. Time is an argument. */
export class ActionPlan {
  readonly #options: ActionPlanOptions;
  readonly #rate: PlanRate;
  readonly #maxBansAtOnce: number;
  readonly #stepBans: number;
  readonly #bans: PlanBans;
  readonly #queue = new PlanQueue<PlanEntry>();
  /** Bans that failed and are tried again. */
  readonly #failing = new Set<PlanEntry>();
  /** Bans that were refused, and are tried again only after a change. */
  readonly #refused = new Set<PlanEntry>();
  /** Whether the backlog waits until it is known what is in force. */
  #isHeld = false;
  /** Whether what is withdrawn meanwhile may be in force. */
  #liftsUnknown = false;
  #lastReason: string | undefined;
  readonly #tally = new PlanTally();

  /** @param options How its enforcer takes bans. */
  constructor(options: ActionPlanOptions) {
    this.#options = options;
    this.#rate = new PlanRate(options);
    const { maxBansAtOnce, stepBans = DEFAULT_STEP_BANS } = options;
    this.#stepBans = stepBans;
    this.#bans = new PlanBans(options.lapses);
    this.#maxBansAtOnce = Math.min(maxBansAtOnce, this.#rate.maxBansAtOnce);
  }

  /** Bans that should be in force. */
  get wanted(): number {
    return this.#tally.wanted;
  }

  /** How much there is to do. */
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

  /**
   * Takes a change of what should be in force.
   *
   * @param change What changed.
   */
  update({ kind, ban }: Pick<HostBanChange, "kind" | "ban">): void {
    const { lapses } = this.#options;
    const entry = this.#bans.changed(ban, kind === "stands");
    if (entry === undefined) return;
    this.#tally.change(entry, () => {
      entry.wanted = kind === "stands" ? ban : undefined;
      if (kind === "lapsed" && lapses && entry.hasLapsed(ban.expiresMs)) {
        entry.record(undefined);
        // A list from before has it still.
        this.#bans.noteNewer(ban);
      } else if (kind === "withdrawn" && this.#liftsUnknown) {
        entry.noteTry(ban);
      }
    });
    // What changed does not wait with the backlog.
    if (this.#isHeld && entry.place === "queued") {
      this.#queue.delete(entry);
      entry.place = "idle";
    }
    this.#place(entry, "news");
  }

  /**
   * Has all wait that is planned so far, and what is adopted, until
   * {@link ActionPlan.release}: only what changes from now on is handed out.
   *
   * @param liftsUnknown Whether what is withdrawn meanwhile is lifted, though
   * nobody knows whether it is in force: for an enforcer of which all is ours.
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
   * Takes note of a ban that is in force already, wanted or not.
   *
   * @param ban The ban as it is in force.
   * @param state `applied`: by this action's doing; `tried`: that may be;
   * `hosted`: a wanted one that is the host's own, and never lifted.
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

  /** Takes note that a ban is not in force. */
  miss(ban: Pick<HostBan, "jail" | "address">): void {
    const entry = this.#bans.find(ban);
    if (entry === undefined) return;
    this.#tally.change(entry, () => entry.record(undefined));
    this.#place(entry, "backlog");
  }

  /** Whether a ban is in force by this action's doing. */
  stateOf(ban: BanKey): PlanState {
    return this.#bans.stateOf(ban);
  }

  /** The wanted bans that are in force by this action's doing, as they are wanted. */
  standing(): readonly HostBan[] {
    return this.#bans.standing();
  }

  /** Whether a wanted ban is in force, and nothing is to be done or being done about it. */
  isSettled(ban: BanKey): boolean {
    return this.#bans.isSettled(ban);
  }

  /**
   * Hands out the next batch. It has to be settled before another is asked for.
   *
   * @param nowMs A clock that never jumps, in milliseconds.
   * @returns The batch; `undefined` when nothing is due, see {@link ActionPlan.nextAtMs}.
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

  /** When `next` may have something again; `undefined`: not before a change. */
  get nextAtMs(): number | undefined {
    const { hasNews, nextAtMs } = this.#queue;
    const atMs = this.#isHeld ? hasNews ? -Infinity : undefined : nextAtMs;
    return atMs === undefined ? atMs : Math.max(atMs, this.#rate.nextAtMs);
  }

  /**
   * Says how a batch went.
   *
   * @param batch The batch.
   * @param failures Those of its bans that did not go well.
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
   * Says that a batch failed as a whole: everything waits.
   *
   * @param batch The batch.
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
   * Says that what is in force is going to be listed, which may take its time:
   * bans of which more is known by then are left out of the comparison.
   */
  beginComparison(): void {
    this.#bans.beginComparison();
  }

  /** Ends a comparison. @returns The keys of bans of which more is known than what was listed. */
  endComparison(): ReadonlySet<string> {
    return this.#bans.endComparison();
  }

  /**
   * Compares with what is really in force, and plans the repair, a step of so
   * many bans at a time. What changes between two steps counts as newer than
   * the list.
   *
   * @param listed What is in force.
   * @param isOurs Whether a listed ban that nobody wants may be lifted.
   * @param nowMs The clock of the bans' ends: what has ended by now is not missing.
   * @param retriesRefused Whether what was refused for good is tried again.
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

  /** Compares each ban that is known, and takes it out of what was found. @returns Of each, whether it was missing. */
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

  /** The bans that have come to be neither wanted nor in force since this was asked. */
  takeFinished(): readonly HostBan[] {
    return this.#bans.takeFinished();
  }

  /** @returns Whether the ban was wrongly taken for being in force as it should be. */
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

  /** Puts a ban where it belongs after a try. */
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

  /** Puts a ban where it belongs after a change: news before the backlog. */
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
