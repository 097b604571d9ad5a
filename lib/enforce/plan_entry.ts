/**
 * What a plan knows of bans: of one, and of all.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { PlanAction, PlanState } from "./plan_types.ts";
import type { ActiveBan, EnforcementFailure, HostBan } from "./enforcer.ts";

/** Ends that differ by less are the same: lists are rounded. */
const SAME_END_MS = 2_000;
const NO_BANS: readonly HostBan[] = [];

/** Whether a ban is wanted, and whether it is in force. */
export class PlanEntry {
  /** The ban, of whatever end. */
  readonly ban: HostBan;
  /** The ban as it should be in force; `undefined`: it should not. */
  wanted: HostBan | undefined;
  /** The ban as it was last applied and is in force; `undefined`: it is not. */
  applied: HostBan | undefined;
  /** The ban as it may be in force: of the tries that nobody knows of, the one that ends last. */
  tried: HostBan | undefined;
  /** Whether the host itself has the ban in force: it is not ours to lift. */
  hosted = false;
  /** How often it failed since it last went well. */
  failures = 0;
  /** Where it is in the plan. */
  place: "idle" | "queued" | "paused" | "busy" | "refused" = "idle";

  /** @param ban The ban, of whatever end. */
  constructor(ban: HostBan) {
    this.ban = ban;
  }

  /** Whether it is neither wanted nor in force. */
  get isOver(): boolean {
    const { wanted, applied, tried } = this;
    return (wanted ?? applied ?? tried) === undefined;
  }

  /** Whether it is in force, as far as one knows, for whomever. */
  get isInForce(): boolean {
    return this.applied !== undefined ||
      this.hosted && this.wanted !== undefined;
  }

  /**
   * Takes note of a try of which nobody knows how it went. Any of several may
   * be in force by now, so the one with the latest end is kept.
   *
   * @param ban The ban as it was tried.
   */
  noteTry(ban: HostBan): void {
    if (this.tried === undefined || this.tried.expiresMs < ban.expiresMs) {
      this.tried = ban;
    }
  }

  /** Whether it is in force by this action's doing. */
  get state(): PlanState {
    if (this.tried !== undefined) return "tried";
    return this.applied === undefined ? "none" : "applied";
  }

  /**
   * Takes note of how a try went.
   *
   * @param verb What was tried.
   * @param ban The ban as it was tried.
   * @param failure What came in between, if something did.
   */
  conclude(
    verb: PlanAction,
    ban: HostBan,
    failure: EnforcementFailure | undefined,
  ): void {
    const { applied, tried } = this;
    if (failure?.kind === "present") {
      if (applied ?? tried) this.record(ban);
      else this.hosted = true;
    } else if (verb === "lift") {
      this.record(failure === undefined ? undefined : ban);
    } else if (failure === undefined) {
      this.record(ban);
    } else {
      // What was in force before may be still.
      this.record(undefined);
      for (const before of [applied, tried]) {
        if (before !== undefined) this.noteTry(before);
      }
    }
  }

  /**
   * Takes note of what is listed.
   *
   * @param there The ban as it is listed; `undefined`: it is not.
   */
  correct(there: ActiveBan | undefined): void {
    this.hosted &&= there !== undefined;
    const known = this.applied ?? this.tried;
    if (known === undefined) return;
    const { expiresMs = known.expiresMs } = there ?? {};
    this.record(there && { ...known, expiresMs });
  }

  /** Takes note of what is in force for certain. */
  record(applied: HostBan | undefined): void {
    this.applied = applied;
    this.tried = undefined;
    if (applied !== undefined) this.hosted = false;
  }

  /**
   * Says what is to be done.
   *
   * @param lapses Whether bans end by themselves, so that their end matters.
   * @returns `undefined` when nothing is.
   */
  need(lapses: boolean): { verb: PlanAction; ban: HostBan } | undefined {
    const verb = this.verb(lapses);
    const ban = verb === "apply" ? this.wanted : this.applied ?? this.tried;
    return verb && ban && { verb, ban };
  }

  /** The same, without the ban that it is to be done with. */
  verb(lapses: boolean): PlanAction | undefined {
    const { wanted, applied, tried } = this;
    if (wanted === undefined) {
      return (applied ?? tried) === undefined ? undefined : "lift";
    }
    const isInForce = applied !== undefined && tried === undefined &&
      !(lapses && haveOtherEnds(wanted.expiresMs, applied.expiresMs));
    return this.hosted || isInForce ? undefined : "apply";
  }

  /**
   * Says whether the ban has ended by itself by now.
   *
   * @param expiresMs When it should have ended; it is past.
   */
  hasLapsed(expiresMs: number): boolean {
    return [this.applied, this.tried].every((ban) =>
      ban === undefined || ban.expiresMs <= expiresMs ||
      !haveOtherEnds(ban.expiresMs, expiresMs)
    );
  }
}

/** What a plan has of a ban: the ban itself where it is settled, see {@link PlanBans}. */
export type PlannedBan = HostBan | PlanEntry;

/**
 * The bans of a plan. Of those that are settled, which in time are nearly all,
 * it has the ban as it is wanted and nothing else: they are in force by this
 * action's doing, with that end where it matters. An entry is made of one when
 * something about it changes.
 */
export class PlanBans {
  readonly #lapses: boolean;
  readonly #bans = new BanMap<PlannedBan>();
  /** Keys of bans of which more is known than what is being listed; `undefined`: nothing is. */
  #newer: Set<string> | undefined;
  #finished = new BanMap<HostBan>();

  /** @param lapses Whether bans end by themselves, so that their end matters. */
  constructor(lapses: boolean) {
    this.#lapses = lapses;
  }

  /** All of them; they may change meanwhile. */
  all(): Iterable<PlannedBan> {
    return this.#bans.values();
  }

  /** What is known of a ban, to be changed. */
  entry(ban: HostBan): PlanEntry {
    return this.find(ban) ?? this.#begin(ban);
  }

  /** The same; `undefined`: nothing is known. */
  find(ban: BanKey): PlanEntry | undefined {
    const known = this.#bans.get(ban);
    return known === undefined || known instanceof PlanEntry
      ? known
      : this.#open(known);
  }

  #begin(ban: HostBan): PlanEntry {
    const entry = new PlanEntry(ban);
    this.#bans.set(ban, entry);
    if (this.#finished.size > 0) this.#finished.delete(ban);
    return entry;
  }

  /** Makes an entry of a settled ban. */
  #open(settled: HostBan): PlanEntry {
    const entry = new PlanEntry(settled);
    entry.wanted = entry.applied = settled;
    this.#bans.set(settled, entry);
    this.noteNewer(settled);
    return entry;
  }

  /** Takes an entry of which nothing is to be done. */
  settle(entry: PlanEntry): void {
    const { ban, wanted, applied, isOver } = entry;
    if (isOver) {
      this.#bans.delete(ban);
      this.#finished.set(ban, ban);
    } else if (
      wanted !== undefined && applied !== undefined &&
      this.#isSame(wanted, applied)
    ) {
      this.#bans.set(wanted, wanted);
      this.noteNewer(ban);
    }
  }

  /**
   * What is known of a ban that changed.
   *
   * @param isWanted Whether it is wanted as it is.
   * @returns `undefined`: it is in force as it is wanted now, and nothing is to be done.
   */
  changed(ban: HostBan, isWanted: boolean): PlanEntry | undefined {
    const known = this.#bans.get(ban);
    if (known === undefined) return this.#begin(ban);
    if (known instanceof PlanEntry) return known;
    if (!isWanted || !this.#isSame(ban, known)) return this.#open(known);
    this.#bans.set(ban, ban);
    return undefined;
  }

  /** Whether a settled ban is listed as it should be. */
  isAsListed(ban: HostBan, there: ActiveBan | undefined): boolean {
    return there !== undefined &&
      !(this.#lapses && haveOtherEnds(there.expiresMs, ban.expiresMs));
  }

  /** Whether a ban is in force by this action's doing. */
  stateOf(ban: BanKey): PlanState {
    const known = this.#bans.get(ban);
    if (known instanceof PlanEntry) return known.state;
    return known === undefined ? "none" : "applied";
  }

  /** The wanted bans that are in force by this action's doing, as they are wanted. */
  standing(): readonly HostBan[] {
    const standing: HostBan[] = [];
    for (const known of this.#bans.values()) {
      if (!(known instanceof PlanEntry)) standing.push(known);
      else if (known.state === "applied" && known.wanted !== undefined) {
        standing.push(known.wanted);
      }
    }
    return standing;
  }

  /** Whether a wanted ban is in force, and nothing is to be done or being done about it. */
  isSettled(ban: BanKey): boolean {
    const known = this.#bans.get(ban);
    if (!(known instanceof PlanEntry)) return known !== undefined;
    return known.place === "idle" && known.isInForce &&
      known.verb(this.#lapses) === undefined;
  }

  /** Something is going to be listed. */
  beginComparison(): void {
    this.#newer = new Set();
  }

  /** It was compared. @returns The keys of bans of which more is known than what was listed. */
  endComparison(): ReadonlySet<string> {
    const newer = this.#newer ?? new Set();
    this.#newer = undefined;
    return newer;
  }

  /** From now on more is known of a ban than what is being listed. */
  noteNewer(ban: BanKey): void {
    this.#newer?.add(keyOf(ban));
  }

  /** Whether more is known of a ban than what is being listed. */
  isNewer(ban: BanKey): boolean {
    const newer = this.#newer;
    return newer !== undefined && newer.size > 0 && newer.has(keyOf(ban));
  }

  /** The bans that have come to be neither wanted nor in force since this was asked. */
  takeFinished(): readonly HostBan[] {
    if (this.#finished.size === 0) return NO_BANS;
    const finished = [...this.#finished.values()];
    this.#finished = new BanMap();
    return finished;
  }

  /** To the millisecond: what is a little off each time would be far off at last. */
  #isSame(one: HostBan, other: HostBan): boolean {
    return !this.#lapses || one.expiresMs === other.expiresMs;
  }
}

/** How many entries there are of a kind, while they change. */
export class PlanTally {
  /** In force, as far as one knows. */
  inForce = 0;
  /** To be in force. */
  wanted = 0;

  /** Changes an entry. */
  change(entry: PlanEntry, change: () => void): void {
    const wasInForce = entry.isInForce;
    const wasWanted = entry.wanted !== undefined;
    change();
    this.inForce += Number(entry.isInForce) - Number(wasInForce);
    this.wanted += Number(entry.wanted !== undefined) - Number(wasWanted);
  }
}

/** A ban that is in force though nobody here asked for it. */
export function strayBan(
  { jail, address, expiresMs = Infinity }: ActiveBan,
  origin: HostName,
): HostBan {
  return { jail, address, expiresMs, origin, reportedJail: jail };
}

/** Whether a listed end is not the wanted one. One that is not told is. */
export function haveOtherEnds(
  listedMs: number | undefined,
  wantedMs: number,
): boolean {
  if (listedMs === undefined || listedMs === wantedMs) return false;
  return !(Math.abs(listedMs - wantedMs) < SAME_END_MS);
}
