/**
 * What a plan knows of one ban.
 *
 * @module
 */

import type { HostName } from "../base/host_name.ts";
import type { PlanAction, PlanState } from "./plan_types.ts";
import type { ActiveBan, EnforcementFailure, HostBan } from "./enforcer.ts";

/** Ends that differ by less are the same: lists are rounded. */
const SAME_END_MS = 2_000;

/** Whether a ban is wanted, and whether it is in force. */
export class PlanEntry {
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
  constructor(readonly ban: HostBan) {}

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
    const { wanted, applied, tried } = this;
    if (wanted === undefined) {
      const ban = applied ?? tried;
      return ban === undefined ? undefined : { verb: "lift", ban };
    }
    const isInForce = applied !== undefined && tried === undefined &&
      !(lapses && haveOtherEnds(wanted.expiresMs, applied.expiresMs));
    return this.hosted || isInForce
      ? undefined
      : { verb: "apply", ban: wanted };
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
