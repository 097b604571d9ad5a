/**
 * The bans of one action: forwards the desired bans to plan and ledger.
 *
 * @module
 */

import type { ActionPlan } from "./action_plan.ts";
import { BanMap } from "../ban/ban_map.ts";
import { type BanKey, keyOf } from "../ban/ban.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { BanState, LedgerContents, WantedReports } from "./ban_ledger.ts";
import { type DesiredBans, isOurs } from "./desired_bans.ts";
import type { EnforcementReport } from "./enforcement_report.ts";
import type { HostBanChange } from "./host_bans.ts";
import type { HostName } from "../base/host_name.ts";
import { type JailMap, localJails } from "../base/jail_map.ts";
import type { LedgerWriter } from "./ledger_writer.ts";
import { haveOtherEnds, strayBan } from "./plan_entry.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import {
  type ProtectionPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import type { SteadyClock } from "../async/steady_clock.ts";
import type { Condition } from "../async/tasks.ts";
import type { UpdateProtection } from "./update_protection.ts";

/** Options for the bans of one action. */
export interface ReconciledBansOptions {
  /** Name of this node: the reporter of record for a ban found in force. */
  readonly hostName: HostName;
  /** Maps reported jails to the jails of this host. */
  readonly jailMap: JailMap;
  /** The desired bans; nobody else changes them. */
  readonly desired: DesiredBans;
  /**
   * The process's one steady clock; the ends of updates and bans use its time.
   */
  readonly clock: SteadyClock;
  /** Judges each update; its rules are checked for changes every second. */
  readonly protection: UpdateProtection;
}

/** The receivers of an action's bans. */
export interface ReconciledBansParts {
  /** Name of the action. */
  readonly action: string;
  readonly plan: ActionPlan;
  readonly ledger: LedgerWriter;
  readonly report: EnforcementReport;
  /** Notified when there may be more work. */
  readonly changed: Condition;
}

/** Keeps desired bans, ledger and plan in step. */
export class ReconciledBans {
  readonly #options: ReconciledBansOptions;
  readonly #parts: ReconciledBansParts;
  #hasBegun = false;
  /** The ledger's contents, if they were loaded before the start. */
  #noted: LedgerContents | undefined;
  /** Bans that became desired before the bans in force were known. */
  #early: HostBanChange[] = [];
  /** The rules that all desired bans were judged by. */
  #policy: ProtectionPolicy | undefined;

  /**
   * @param options The desired bans, and the rules.
   * @param parts The receivers of the bans.
   */
  constructor(options: ReconciledBansOptions, parts: ReconciledBansParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Applies updates; protected bans are refused. */
  update(updates: readonly BanUpdate[]): void {
    const { clock, desired, protection } = this.#options;
    const { action, report } = this.#parts;
    const nowMs = clock.nowMs();
    // Later updates are judged by later rules.
    this.#policy ??= protection.policy;
    const allowed = protection.allowed(updates, action);
    report.counters.protected += updates.length - allowed.length;
    const changes: HostBanChange[] = [];
    for (const update of allowed) {
      for (const each of desired.update(update, nowMs)) changes.push(each);
    }
    this.#change(changes);
  }

  /**
   * Prepares a start before the bans in force are known: from now on only news
   * are carried out, including lifts of bans that the ledger has as applied.
   *
   * @throws {RuntimeError} when the ledger can't be read.
   */
  prepare(): void {
    const { ledger, plan } = this.#parts;
    plan.beginComparison();
    if (this.#noted !== undefined) return;
    if (!ledger.notesBans) {
      ledger.recordUse();
      this.#noted = NOTHING_NOTED;
      return plan.hold(true);
    }
    this.#noted = ledger.load();
    plan.hold();
    for (const { ban } of this.#noted.marks) plan.adopt(ban, "tried");
  }

  /**
   * Takes over the bans that an earlier run applied. May be called again after
   * it threw.
   *
   * @param listed The bans in force; `undefined`: the enforcer can't list them.
   * @throws {RuntimeError} when the ledger can't be read.
   */
  start(listed: readonly ActiveBan[] | undefined): void {
    const { ledger, plan } = this.#parts;
    const { clock, desired, hostName, jailMap, protection } = this.#options;
    this.#policy ??= protection.policy;
    const isPrepared = this.#noted !== undefined;
    const noted = this.#noted ?? ledger.load();
    const { changes, notes, gone } = adoptBans(
      { desired, plan, hostName, jailMap, isPrepared },
      noted,
      listed,
      clock.nowMs(),
    );
    this.#noted = undefined;
    plan.release();
    ledger.want(notes);
    ledger.recordOutcome(gone);
    this.#change(desired.endAdoption());
    this.#removeProtected(changes.map(({ ban }) => ban));
    this.#tellJoined(noted);
    this.#tellEarly();
    this.#hasBegun = true;
    this.tick();
  }

  /**
   * Ends expired bans, removes newly protected ones, and follows clock changes.
   */
  tick(): void {
    const { clock, desired, protection } = this.#options;
    const { ledger } = this.#parts;
    const { policy } = protection;
    if (policy !== this.#policy) {
      this.#policy = policy;
      this.#removeProtected(desired.bans());
    }
    if (ledger.isOutdated) ledger.wantAll(desired.notesOf(desired.bans()));
    this.#change(desired.expire(clock.nowMs()));
    this.forgetFinished();
  }

  /** Notifies that there may be more work. */
  wake(): void {
    this.forgetFinished();
    this.#parts.changed.notify();
  }

  /**
   * Forgets bans neither desired nor in force; not before the start, when that
   * is unknown.
   */
  forgetFinished(): void {
    if (!this.#hasBegun) return;
    const { plan, ledger, report } = this.#parts;
    const finished = plan.takeFinished();
    report.forget(finished);
    ledger.recordOutcome(finished.map((ban) => ({ ban, state: "none" })));
  }

  #change(changes: readonly HostBanChange[]): void {
    if (changes.length === 0) return;
    const { plan, ledger, report, changed } = this.#parts;
    const bans = changes.map(({ ban }) => ban);
    ledger.want(this.#options.desired.notesOf(bans));
    for (const change of changes) plan.update(change);
    const isEarly = !this.#hasBegun && this.#noted === NOTHING_NOTED;
    for (const change of changes) {
      report.changed(change, plan.isSettled(change.ban));
      if (isEarly && change.kind === "stands") this.#early.push(change);
    }
    this.forgetFinished();
    changed.notify();
  }

  /** A ban that an earlier run applied for one jail may serve others by now. */
  #tellJoined({ marks }: LedgerContents): void {
    const { desired } = this.#options;
    const { plan, report } = this.#parts;
    for (const { ban: noted } of marks) {
      const jails = desired.jailsOf(noted);
      if (jails.every((jail) => jail === noted.reportedJail)) continue;
      const ban = desired.find(noted);
      if (ban === undefined || !plan.isSettled(ban)) continue;
      for (const reportedJail of jails) {
        if (reportedJail === noted.reportedJail) continue;
        report.changed({ kind: "stands", ban: { ...ban, reportedJail } }, true);
      }
    }
  }

  /**
   * The same where no ban is recorded: jails that came meanwhile have no
   * receipt.
   */
  #tellEarly(): void {
    const { plan, report } = this.#parts;
    for (const change of this.#early) {
      if (plan.isSettled(change.ban)) report.changed(change, true);
    }
    this.#early = [];
  }

  #removeProtected(bans: Iterable<HostBan>): void {
    const { desired, protection: { policy } } = this.#options;
    const removed = [...bans].flatMap((ban) => {
      const refused = refusal(ban.address, policy);
      if (refused === undefined || desired.find(ban) === undefined) return [];
      this.#parts.report.protected(ban, refused);
      return desired.remove(ban);
    });
    this.#change(removed);
  }
}

/** The contents for an action whose bans are not recorded. */
const NOTHING_NOTED: LedgerContents = { reports: [], marks: [] };

/** The parts of an adoption: it changes the desired bans and the plan. */
type AdoptionOptions =
  & Pick<ReconciledBansOptions, "desired" | "hostName" | "jailMap">
  & Pick<ReconciledBansParts, "plan">
  & {
    /** Whether the plan already knows the recorded bans. */
    readonly isPrepared: boolean;
  };

/** Result of an adoption. */
interface Adoption {
  /** Changes of the desired bans. */
  readonly changes: readonly HostBanChange[];
  /** Corrections for the ledger's records of who wants bans. */
  readonly notes: readonly WantedReports[];
  /** Bans that were recorded as applied and are not in force. */
  readonly gone: readonly BanState[];
}

/**
 * Takes over the recorded bans and those in force. A listed ban is this
 * action's when the ledger has it or when it is in the cluster's own jail. Any
 * other listed ban that is desired is the host's own, and stays when it is no
 * longer desired.
 */
function adoptBans(
  options: AdoptionOptions,
  noted: LedgerContents,
  listed: readonly ActiveBan[] | undefined,
  nowMs: number,
): Adoption {
  const { desired, plan, isPrepared } = options;
  const { changes, notes } = desired.remember(noted.reports);
  for (const change of changes) plan.update(change);
  if (listed === undefined) {
    plan.endComparison();
    if (isPrepared) return { changes, notes, gone: [] };
    for (const { ban, state } of noted.marks) plan.adopt(ban, adopted(state));
    return { changes, notes, gone: [] };
  }
  const marks = new BanMap<BanState>();
  for (const mark of noted.marks) marks.set(mark.ban, mark);
  const newer = plan.endComparison();
  const isNewer = (ban: BanKey) => newer.size > 0 && newer.has(keyOf(ban));
  const strays: HostBanChange[] = [];
  for (const ban of listed) {
    if (isNewer(ban)) continue;
    const mark = marks.get(ban);
    marks.delete(ban);
    for (const change of adoptListed(options, ban, mark, nowMs)) {
      strays.push(change);
    }
  }
  for (const { ban } of noted.marks) if (isNewer(ban)) marks.delete(ban);
  const gone = leftovers(options, marks.values());
  return {
    changes: [...changes, ...strays],
    notes: [...notes, ...desired.notesOf(strays.map(({ ban }) => ban))],
    gone,
  };
}

function adoptListed(
  { desired, plan, hostName }: AdoptionOptions,
  listed: ActiveBan,
  mark: BanState | undefined,
  nowMs: number,
): readonly HostBanChange[] {
  const isOwn = isOurs(listed) || mark !== undefined;
  const wanted = desired.find(listed);
  const known = wanted ?? mark?.ban ?? strayBan(listed, hostName);
  const { expiresMs = known.expiresMs } = listed;
  if (wanted !== undefined) {
    // Lists are rounded: an end close to the wanted one counts as equal.
    const ban = haveOtherEnds(expiresMs, known.expiresMs)
      ? { ...known, expiresMs }
      : known;
    plan.adopt(ban, isOwn ? "applied" : "hosted");
    return [];
  }
  if (!isOwn) return [];
  plan.adopt({ ...known, expiresMs });
  if (mark !== undefined) return [];
  const changes = desired.adopt(listed, nowMs);
  for (const change of changes) plan.update(change);
  return changes;
}

/** A ban in a jail that is no longer listed may still be in force. */
function leftovers(
  { plan, jailMap }: AdoptionOptions,
  marks: Iterable<BanState>,
): readonly BanState[] {
  const jails = new Set(localJails(jailMap));
  const gone: BanState[] = [];
  for (const { ban } of marks) {
    if (jails.has(ban.jail)) {
      plan.miss(ban);
      gone.push({ ban, state: "none" });
    } else plan.adopt(ban);
  }
  return gone;
}

function adopted(state: BanState["state"]): "applied" | "tried" {
  return state === "applied" ? "applied" : "tried";
}
