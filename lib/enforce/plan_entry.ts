/**
 * What a plan knows of a single ban, and of all bans.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import { BanMap } from "../ban/ban_map.ts";
import type { PlanAction, PlanState } from "./plan_types.ts";
import type { ActiveBan, EnforcementFailure, HostBan } from "./enforcer.ts";

/** Ends that differ by less are equal: lists are rounded. */
const SAME_END_MS = 2_000;
const NO_BANS: readonly HostBan[] = [];

/** Whether a ban is wanted, and whether it is in force. */
export class PlanEntry {
  /** The ban, of whatever end. */
  readonly ban: HostBan;
  /** The ban as it should be in force; `undefined`: it should not. */
  wanted: HostBan | undefined;
  /** The ban as last applied and in force; `undefined`: it is not in force. */
  applied: HostBan | undefined;
  /**
   * The ban as it may be in force: of the tries with unknown outcome, the one
   * that ends last.
   */
  tried: HostBan | undefined;
  /** Whether the ban is the host's own, and not ours to lift. */
  hosted = false;
  /** Number of failures since the last success. */
  failures = 0;
  /** Where the ban is in the plan. */
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

  /** Whether it is in force as far as is known, whoever applied it. */
  get isInForce(): boolean {
    return this.applied !== undefined ||
      this.hosted && this.wanted !== undefined;
  }

  /**
   * Records a try with unknown outcome. Any of several tries may be in force by
   * now, so the one that ends last is kept.
   *
   * @param ban The ban as it was tried.
   */
  noteTry(ban: HostBan): void {
    if (this.tried === undefined || this.tried.expiresMs < ban.expiresMs) {
      this.tried = ban;
    }
  }

  /** Whether this action has it in force. */
  get state(): PlanState {
    if (this.tried !== undefined) return "tried";
    return this.applied === undefined ? "none" : "applied";
  }

  /**
   * Records the outcome of a try.
   *
   * @param verb What was tried.
   * @param ban The ban as it was tried.
   * @param failure Why it failed, if it did.
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
      // The ban of an earlier try may still be in force.
      this.record(undefined);
      for (const before of [applied, tried]) {
        if (before !== undefined) this.noteTry(before);
      }
    }
  }

  /**
   * Corrects the entry by a list.
   *
   * @param there The ban as listed; `undefined`: it is not listed.
   */
  correct(there: ActiveBan | undefined): void {
    this.hosted &&= there !== undefined;
    const known = this.applied ?? this.tried;
    if (known === undefined) return;
    const { expiresMs = known.expiresMs } = there ?? {};
    this.record(there && { ...known, expiresMs });
  }

  /** Records what is certainly in force. */
  record(applied: HostBan | undefined): void {
    this.applied = applied;
    this.tried = undefined;
    if (applied !== undefined) this.hosted = false;
  }

  /**
   * The next action for this ban.
   *
   * @param lapses Whether bans end by themselves, so that their end matters.
   * @returns `undefined` when there is nothing to do.
   */
  need(lapses: boolean): { verb: PlanAction; ban: HostBan } | undefined {
    const verb = this.verb(lapses);
    const ban = verb === "apply" ? this.wanted : this.applied ?? this.tried;
    return verb && ban && { verb, ban };
  }

  /** The action of {@link PlanEntry.need}, without the ban. */
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
   * Whether the ban has ended by itself by now.
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

/**
 * A plan's record of a ban: the ban itself once settled, see {@link PlanBans}.
 */
export type PlannedBan = HostBan | PlanEntry;

/**
 * The bans of a plan. For a settled ban (in time nearly all are) it stores only
 * the ban as wanted: this action has it in force, with that end where ends
 * matter. A settled ban gets an entry when something about it changes.
 */
export class PlanBans {
  readonly #lapses: boolean;
  readonly #bans = new BanMap<PlannedBan>();
  /**
   * Keys of bans that changed since the current list was begun; `undefined`:
   * there is no list.
   */
  #newer: Set<string> | undefined;
  #finished = new BanMap<HostBan>();

  /** @param lapses Whether bans end by themselves, so that the end matters. */
  constructor(lapses: boolean) {
    this.#lapses = lapses;
  }

  /** All bans; they may change during the iteration. */
  all(): Iterable<PlannedBan> {
    return this.#bans.values();
  }

  /** The entry of a ban, to be changed; created if missing. */
  entry(ban: HostBan): PlanEntry {
    return this.find(ban) ?? this.#begin(ban);
  }

  /** The entry of a ban; `undefined`: the ban is unknown. */
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

  /** Drops an entry that needs no more work. */
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
   * The entry of a ban that changed.
   *
   * @param isWanted Whether it is wanted as it is.
   * @returns `undefined`: it is in force as wanted, with nothing to do.
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

  /** Whether this action has a ban in force. */
  stateOf(ban: BanKey): PlanState {
    const known = this.#bans.get(ban);
    if (known instanceof PlanEntry) return known.state;
    return known === undefined ? "none" : "applied";
  }

  /** The wanted bans that this action has in force, as they are wanted. */
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

  /** Whether a wanted ban is in force with no work pending or under way. */
  isSettled(ban: BanKey): boolean {
    const known = this.#bans.get(ban);
    if (!(known instanceof PlanEntry)) return known !== undefined;
    return known.place === "idle" && known.isInForce &&
      known.verb(this.#lapses) === undefined;
  }

  /** Begins a list. */
  beginComparison(): void {
    this.#newer = new Set();
  }

  /** Ends the comparison; returns the keys of bans changed since it began. */
  endComparison(): ReadonlySet<string> {
    const newer = this.#newer ?? new Set();
    this.#newer = undefined;
    return newer;
  }

  /** Records that a ban is newer than the current list. */
  noteNewer(ban: BanKey): void {
    this.#newer?.add(keyOf(ban));
  }

  /** Whether a ban is newer than the current list. */
  isNewer(ban: BanKey): boolean {
    const newer = this.#newer;
    return newer !== undefined && newer.size > 0 && newer.has(keyOf(ban));
  }

  /** The bans that became neither wanted nor in force since the last call. */
  takeFinished(): readonly HostBan[] {
    if (this.#finished.size === 0) return NO_BANS;
    const finished = [...this.#finished.values()];
    this.#finished = new BanMap();
    return finished;
  }

  /** Exact to the millisecond: small differences would add up. */
  #isSame(one: HostBan, other: HostBan): boolean {
    return !this.#lapses || one.expiresMs === other.expiresMs;
  }
}

/** Counts entries by state while they change. */
export class PlanTally {
  /** In force, as far as is known. */
  inForce = 0;
  /** Should be in force. */
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

/** A ban in force that nobody here asked for. */
export function strayBan(
  { jail, address, expiresMs = Infinity }: ActiveBan,
  origin: HostName,
): HostBan {
  return { jail, address, expiresMs, origin, reportedJail: jail };
}

/**
 * Whether a listed end differs from the wanted one. An unknown end does not.
 */
export function haveOtherEnds(
  listedMs: number | undefined,
  wantedMs: number,
): boolean {
  if (listedMs === undefined || listedMs === wantedMs) return false;
  return !(Math.abs(listedMs - wantedMs) < SAME_END_MS);
}
