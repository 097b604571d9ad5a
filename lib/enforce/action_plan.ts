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
import { keyOf } from "../ban/ban.ts";
import { PlanEntry, PlanTally, strayBan } from "./plan_entry.ts";
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
const NO_KEYS: ReadonlySet<string> = new Set();

/** Keeps the plan of one action. Time is an argument. */
export class ActionPlan {
  readonly #options: ActionPlanOptions;
  readonly #rate: PlanRate;
  readonly #maxBansAtOnce: number;
  readonly #stepBans: number;
  readonly #entries = new Map<string, PlanEntry>();
  readonly #queue = new PlanQueue();
  /** Keys of bans that failed and are tried again. */
  readonly #failing = new Set<string>();
  /** Keys of bans that were refused, and are tried again only after a change. */
  readonly #refused = new Set<string>();
  /** Keys of bans that were handed out or settled, or have lapsed, since a comparison began. */
  #newer: Set<string> | undefined;
  /** Whether the backlog waits until it is known what is in force. */
  #isHeld = false;
  #lastReason: string | undefined;
  #finished = new Map<string, HostBan>();
  readonly #tally = new PlanTally();

  /** @param options How its enforcer takes bans. */
  constructor(options: ActionPlanOptions) {
    this.#options = options;
    this.#rate = new PlanRate(options);
    const { maxBansAtOnce, stepBans = DEFAULT_STEP_BANS } = options;
    this.#stepBans = stepBans;
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
    const key = keyOf(ban);
    const entry = this.#entry(key, ban);
    const { lapses } = this.#options;
    this.#tally.change(entry, () => {
      entry.wanted = kind === "stands" ? ban : undefined;
      if (kind === "lapsed" && lapses && entry.hasLapsed(ban.expiresMs)) {
        entry.record(undefined);
        // A list from before has it still.
        this.#newer?.add(key);
      }
    });
    // What changed does not wait with the backlog.
    if (this.#isHeld && entry.place === "queued") {
      this.#queue.delete(key);
      entry.place = "idle";
    }
    this.#place(key, entry, "news");
  }

  /**
   * Has all wait that is planned so far, and what is adopted, until
   * {@link ActionPlan.release}: only what changes from now on is handed out.
   */
  hold(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.#queue.postpone();
  }

  /** Ends {@link ActionPlan.hold}. */
  release(): void {
    this.#isHeld = false;
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
    const key = keyOf(ban);
    const entry = this.#entry(key, ban);
    this.#tally.change(entry, () => {
      if (state === "applied") entry.record(ban);
      else if (state === "tried") entry.noteTry(ban);
      else entry.hosted = true;
    });
    this.#place(key, entry, "backlog");
  }

  /** Takes note that a ban is not in force. */
  miss(ban: Pick<HostBan, "jail" | "address">): void {
    const key = keyOf(ban);
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#tally.change(entry, () => entry.record(undefined));
    this.#place(key, entry, "backlog");
  }

  /** Whether a ban is in force by this action's doing. */
  stateOf(ban: Pick<HostBan, "jail" | "address">): PlanState {
    return this.#entries.get(keyOf(ban))?.state ?? "none";
  }

  /** The wanted bans that are in force by this action's doing, as they are wanted. */
  standing(): readonly HostBan[] {
    return [...this.#entries.values()].flatMap(({ state, wanted }) =>
      state === "applied" ? wanted ?? [] : []
    );
  }

  /** Whether a wanted ban is in force, and nothing is to be done or being done about it. */
  isSettled(ban: Pick<HostBan, "jail" | "address">): boolean {
    const entry = this.#entries.get(keyOf(ban));
    return entry !== undefined && entry.place === "idle" && entry.isInForce &&
      entry.need(this.#options.lapses) === undefined;
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
    for (const [key, entry, need] of this.#needs()) {
      verb ??= need.verb;
      const isFull = bans.length >= this.#maxBansAtOnce;
      if (isFull || lookedAt++ > LOOK_AHEAD_FACTOR * this.#maxBansAtOnce) break;
      if (need.verb !== verb) continue;
      this.#queue.delete(key);
      entry.place = "busy";
      this.#newer?.add(key);
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
    const failed = new Map(
      failures.map((failure) => [keyOf(failure.ban), failure]),
    );
    for (const ban of bans) {
      const key = keyOf(ban);
      this.#newer?.add(key);
      const entry = this.#entry(key, ban);
      const failure = failed.get(key);
      this.#tally.change(entry, () => entry.conclude(verb, ban, failure));
      entry.place = "idle";
      const isWaiting = entry.need(this.#options.lapses) !== undefined;
      if (failure === undefined || failure.kind === "present" || !isWaiting) {
        entry.failures = 0;
        this.#failing.delete(key);
        this.#place(key, entry, "news");
      } else if (failure.kind === "refused") {
        this.#failing.delete(key);
        this.#refused.add(key);
        entry.place = "refused";
      } else {
        this.#failing.add(key);
        this.#lastReason = failure.reason;
        entry.place = "paused";
        this.#queue.pause(key, nowMs + this.#rate.pauseMs(entry.failures++));
      }
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
      const key = keyOf(ban);
      this.#newer?.add(key);
      const entry = this.#entry(key, ban);
      entry.noteTry(ban);
      this.#failing.add(key);
      this.#lastReason = reason;
      entry.place = "idle";
      this.#place(key, entry, "backlog");
    }
  }

  /**
   * Says that what is in force is going to be listed, which may take its time:
   * bans of which more is known by then are left out of the comparison.
   */
  beginComparison(): void {
    this.#newer = new Set();
  }

  /** Ends a comparison. @returns The keys of bans of which more is known than what was listed. */
  endComparison(): ReadonlySet<string> {
    const newer = this.#newer ?? NO_KEYS;
    this.#newer = undefined;
    return newer;
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
    const newer: ReadonlySet<string> = this.#newer ?? NO_KEYS;
    const found = new Map<string, ActiveBan>();
    let looked = 0;
    const isStepOver = () => ++looked % this.#stepBans === 0;
    for (const ban of listed) {
      found.set(keyOf(ban), ban);
      if (isStepOver()) yield;
    }
    let missing = 0;
    for (const [key, entry] of this.#entries) {
      const isRefused = entry.place === "refused" && !retriesRefused;
      if (!newer.has(key) && !isRefused) {
        const there = found.get(key);
        found.delete(key);
        if (this.#correct(key, entry, there, nowMs)) missing++;
      }
      if (isStepOver()) yield;
    }
    let surplus = 0;
    for (const [key, ban] of found) {
      if (!newer.has(key) && isOurs(ban)) {
        surplus++;
        this.adopt(strayBan(ban, this.#options.hostName));
      }
      if (isStepOver()) yield;
    }
    this.endComparison();
    return { missing, surplus };
  }

  /** The bans that have come to be neither wanted nor in force since this was asked. */
  takeFinished(): readonly HostBan[] {
    const finished = this.#finished;
    this.#finished = new Map();
    return [...finished.values()];
  }

  /** @returns Whether the ban was wrongly taken for being in force as it should be. */
  #correct(
    key: string,
    entry: PlanEntry,
    there: ActiveBan | undefined,
    nowMs: number,
  ): boolean {
    const { lapses } = this.#options;
    if (entry.place === "busy") return false;
    const wasHosted = entry.hosted;
    const needBefore = entry.need(lapses);
    this.#tally.change(entry, () => entry.correct(there));
    const need = entry.need(lapses);
    this.#place(key, entry, "backlog");
    const hasEnded = (entry.wanted?.expiresMs ?? Infinity) <= nowMs;
    return need?.verb === "apply" && needBefore === undefined && !wasHosted &&
      !hasEnded;
  }

  #entry(key: string, ban: HostBan): PlanEntry {
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const entry = new PlanEntry(ban);
    this.#entries.set(key, entry);
    this.#finished.delete(key);
    return entry;
  }

  /** Puts a ban where it belongs after a change: news before the backlog. */
  #place(key: string, entry: PlanEntry, part: "news" | "backlog"): void {
    if (entry.place === "busy" || entry.place === "paused") return;
    this.#refused.delete(key);
    if (entry.need(this.#options.lapses) === undefined) {
      this.#queue.delete(key);
      this.#failing.delete(key);
      entry.failures = 0;
      entry.place = "idle";
      if (!entry.isOver) return;
      this.#entries.delete(key);
      this.#finished.set(key, entry.ban);
    } else if (entry.place !== "queued") {
      entry.place = "queued";
      this.#queue.add(key, part);
    }
  }

  *#needs() {
    for (const key of this.#queue.keys(this.#isHeld)) {
      const entry = this.#entries.get(key);
      const need = entry?.need(this.#options.lapses);
      if (entry !== undefined && need !== undefined) {
        yield [key, entry, need] as const;
      }
    }
  }

  #endPauses(nowMs: number): void {
    for (const key of this.#queue.takeDue(nowMs)) {
      const entry = this.#entries.get(key);
      if (entry === undefined) continue;
      entry.place = "idle";
      this.#place(key, entry, "backlog");
    }
  }
}
