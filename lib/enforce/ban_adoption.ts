/**
 * What a start finds: what was noted, what is in force, and what is desired.
 *
 * @module
 */

import type { ActionPlan } from "./action_plan.ts";
import type { HostBanChange } from "./host_bans.ts";
import { type JailMap, localJails } from "../base/jail_map.ts";
import { keyOf } from "../ban/ban.ts";
import { strayBan } from "./plan_entry.ts";
import type { BanState, LedgerContents, WantedReports } from "./ban_ledger.ts";
import type { ActiveBan } from "./enforcer.ts";
import type { HostName } from "../base/host_name.ts";
import { type DesiredBans, isOurs } from "./desired_bans.ts";

/** What takes part in an adoption: it changes what is desired, and the plan. */
export interface AdoptionOptions {
  readonly desired: DesiredBans;
  readonly plan: ActionPlan;
  /** This node's name. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
}

/** What follows from an adoption. */
export interface Adoption {
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
 *
 * @param options What takes part.
 * @param noted What the ledger says.
 * @param listed What is in force; `undefined`: nobody knows but the ledger.
 * @param nowMs The clock of the bans' ends.
 */
export function adoptBans(
  options: AdoptionOptions,
  noted: LedgerContents,
  listed: readonly ActiveBan[] | undefined,
  nowMs: number,
): Adoption {
  const { desired, plan } = options;
  const { changes, notes } = desired.remember(noted.reports);
  for (const change of changes) plan.update(change);
  if (listed === undefined) {
    for (const { ban, state } of noted.marks) plan.adopt(ban, adopted(state));
    return { changes, notes, gone: [] };
  }
  const marks = new Map(noted.marks.map((mark) => [keyOf(mark.ban), mark]));
  const strays = listed.flatMap((ban) => {
    const mark = marks.get(keyOf(ban));
    marks.delete(keyOf(ban));
    return adoptListed(options, ban, mark, nowMs);
  });
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
  const known = desired.find(listed) ?? mark?.ban ?? strayBan(listed, hostName);
  const { expiresMs = known.expiresMs } = listed;
  if (desired.find(listed) !== undefined) {
    plan.adopt({ ...known, expiresMs }, isOwn ? "applied" : "hosted");
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
    if (jails.has(ban.jail)) gone.push({ ban, state: "none" });
    else plan.adopt(ban);
  }
  return gone;
}

function adopted(state: BanState["state"]): "applied" | "tried" {
  return state === "applied" ? "applied" : "tried";
}
