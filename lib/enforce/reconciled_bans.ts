/**
 * The bans of one action: what is desired goes to the plan and to the ledger.
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
  /** Name of this node. It counts as the reporter of a ban that is found in force. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** The bans that should be in force; nobody else changes it. */
  readonly desired: DesiredBans;
  /** The process's one steady clock. The ends of updates and bans are in its time. */
  readonly clock: SteadyClock;
  /** Judges each update; its rules are looked at again every second. */
  readonly protection: UpdateProtection;
}

/** What the bans of an action go to. */
export interface ReconciledBansParts {
  /** Name of the action. */
  readonly action: string;
  readonly plan: ActionPlan;
  readonly ledger: LedgerWriter;
  readonly report: EnforcementReport;
  /** Notified when there may be more to do. */
  readonly changed: Condition;
}

/** Keeps what is desired, what the ledger says of it and what is planned in step. */
export class ReconciledBans {
  readonly #options: ReconciledBansOptions;
  readonly #parts: ReconciledBansParts;
  #hasBegun = false;
  /** What was noted before the start, read before it. */
  #noted: LedgerContents | undefined;
  /** Bans that came to stand while it was not known what is in force. */
  #early: HostBanChange[] = [];
  /** The rules by which all that is desired was judged. */
  #policy: ProtectionPolicy | undefined;

  /**
   * @param options What is desired, and by which rules.
   * @param parts What the bans go to.
   */
  constructor(options: ReconciledBansOptions, parts: ReconciledBansParts) {
    this.#options = options;
    this.#parts = parts;
  }

  /** Takes updates; protected bans are refused. */
  update(updates: readonly BanUpdate[]): void {
    const { clock, desired, protection } = this.#options;
    const { action, report } = this.#parts;
    const nowMs = clock.nowMs();
    // What comes later is judged by the rules of its time.
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
   * Prepares a start before it is known what is in force: from now on only news
   * are carried out, also lifts of what was noted as applied.
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
   * Takes over what was applied before this program was started. May be called
   * again after it threw.
   *
   * @param listed What is in force; `undefined`: the enforcer can't tell.
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

  /** Ends what is over, takes out what came to be protected, and follows the clock. */
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

  /** Says that there may be more to do. */
  wake(): void {
    this.forgetFinished();
    this.#parts.changed.notify();
  }

  /** Forgets what is neither desired nor in force; before the start that is not known. */
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

  /** What the run before put in force for one jail may be in force for others by now. */
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

  /** The same where no ban is noted: who came meanwhile was told nothing yet. */
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

/** Of an action of which no ban is noted. */
const NOTHING_NOTED: LedgerContents = { reports: [], marks: [] };

/** What takes part in an adoption: it changes what is desired, and the plan. */
type AdoptionOptions =
  & Pick<ReconciledBansOptions, "desired" | "hostName" | "jailMap">
  & Pick<ReconciledBansParts, "plan">
  & {
    /** Whether the plan knows already what was noted. */
    readonly isPrepared: boolean;
  };

/** What follows from an adoption. */
interface Adoption {
  /** What changed in what is desired. */
  readonly changes: readonly HostBanChange[];
  /** What the ledger should say of who wants bans, where that differs. */
  readonly notes: readonly WantedReports[];
  /** What was noted as applied and is not in force. */
  readonly gone: readonly BanState[];
}

/**
 * Takes over what was noted and what is in force. What is listed counts as this
 * action's when it was noted so, or is in the dedicated jail; what is listed
 * and desired otherwise is the host's own, and stays when it is desired no longer.
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
    // Lists are rounded: what is as good as wanted is as it is wanted.
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

/** In a jail that is not listed any more the ban may be in force all the same. */
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
