/**
 * What a start finds: what was noted, what is in force, and what is wanted.
 *
 * @module
 */

import type { ActionPlan } from "./action_plan.ts";
import type { HostBanChange } from "./host_bans.ts";
import { type JailMap, localJails } from "../base/jail_map.ts";
import { keyOf } from "../ban/ban.ts";
import { strayBan } from "./plan_entry.ts";
import type { BanState, LedgerContents } from "./ban_ledger.ts";
import type { ActiveBan, HostBan } from "./enforcer.ts";
import type { HostName } from "../base/host_name.ts";
import { isOurs, type WantedBans, type WantsFrom } from "./wanted_bans.ts";

/** What takes part in an adoption. */
export interface AdoptionOptions {
  readonly wanted: WantedBans;
  readonly plan: ActionPlan;
  /** This node's name. */
  readonly hostName: HostName;
  /** In which jail of this host a ban is enforced. */
  readonly jailMap: JailMap;
  /** What says which bans are wanted. */
  readonly wants: WantsFrom;
}

/** What follows from an adoption. */
export interface Adoption {
  /** What changed in what is wanted. */
  readonly changes: readonly HostBanChange[];
  /** Bans of which the ledger does not know who wants them now. */
  readonly unnoted: readonly HostBan[];
  /** What was noted as applied and is not in force. */
  readonly gone: readonly BanState[];
}

/**
 * Takes over what was noted and what is in force. What is listed counts as this
 * action's when it was noted so, or is in the dedicated jail; what is listed
 * and wanted otherwise is the host's own, and stays when it is wanted no longer.
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
  const { changes, unnoted } = rememberReports(options, noted.reports);
  const { plan } = options;
  for (const change of changes) plan.update(change);
  if (listed === undefined) {
    for (const { ban, state } of noted.marks) plan.adopt(ban, adopted(state));
    return { changes, unnoted, gone: [] };
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
    unnoted: [...unnoted, ...strays.map(({ ban }) => ban)],
    gone,
  };
}

function rememberReports(
  { wanted, wants }: AdoptionOptions,
  reports: readonly HostBan[],
): Pick<Adoption, "changes" | "unnoted"> {
  if (wants === "copy") return { changes: [], unnoted: reports };
  const changes: HostBanChange[] = [];
  const unnoted: HostBan[] = [];
  for (const report of reports) {
    const now = wanted.remember(report);
    changes.push(...now);
    const moved = now.filter(({ ban }) => ban.jail !== report.jail);
    for (const { ban } of moved) unnoted.push(report, ban);
  }
  return { changes, unnoted };
}

function adoptListed(
  { wanted, plan, hostName, wants }: AdoptionOptions,
  listed: ActiveBan,
  mark: BanState | undefined,
  nowMs: number,
): readonly HostBanChange[] {
  const isOwn = isOurs(listed) || mark !== undefined;
  const known = wanted.find(listed) ?? mark?.ban ?? strayBan(listed, hostName);
  const { expiresMs = known.expiresMs } = listed;
  if (wanted.find(listed) !== undefined) {
    plan.adopt({ ...known, expiresMs }, isOwn ? "applied" : "hosted");
    return [];
  }
  if (!isOwn) return [];
  plan.adopt({ ...known, expiresMs });
  if (mark !== undefined || wants === "copy") return [];
  const changes = wanted.adopt(listed, nowMs);
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
