/**
 * Checks the actions of a subscriber, except fail2ban's jails.
 *
 * @module
 */

import type { StatusFigures } from "../service/status_report.ts";
import { type Commands, serviceCommand } from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** The observed state of an action. */
export interface ActionFacts {
  /** Its name in `subscriberaction`. */
  readonly action: string;
  /** Why it can't work; `undefined`: it can, or it was not observed. */
  readonly trouble:
    | { readonly reason: string; readonly hint: string | undefined }
    | undefined;
  /** Number of bans in force; `undefined`: they were not counted. */
  readonly found: number | undefined;
}

/** Smallest tolerated share: bans may come and go while they are counted. */
const TOLERATED = 0.9;

/**
 * Checks one action.
 *
 * @param facts The observed state.
 * @param figures The running subscriber's figures; `undefined`: none runs.
 */
export function checkAction(
  { action, trouble, found }: ActionFacts,
  figures: StatusFigures | undefined,
  commands: Commands,
): readonly Finding[] {
  if (trouble !== undefined) {
    return [fault(action, trouble.reason, commandIn(trouble.hint))];
  }
  const inForce = figures?.[`${action}.inForce`];
  if (
    found !== undefined && typeof inForce === "number" &&
    found < TOLERATED * inForce
  ) {
    return [fault(
      action,
      `${found} bans are in force, and the subscriber counts ${inForce}`,
      serviceCommand(commands, "restart", "fail2ban-subscriber"),
    )];
  }
  const failing = figures?.[`${action}.failing`];
  const reason = figures?.[`${action}.lastReason`];
  if (typeof reason === "string") {
    const count = typeof failing === "number" && failing > 0
      ? `${failing} bans fail: `
      : "";
    return [fault(action, `${count}${reason}`, "fail2ban-subscriber check")];
  }
  const known = found ?? inForce;
  return [
    fine(action, typeof known === "number" ? `${known} in force` : "ready"),
  ];
}

/** Warns of log lines that a program could not write. */
export function checkOwnLog(
  program: string,
  figures: StatusFigures,
): readonly Finding[] {
  const reason = figures["log.lastReason"];
  return typeof reason === "string"
    ? [warning(
      `${program} log`,
      `its lines don't get out: ${reason}`,
      `${program} check`,
    )]
    : [];
}

/** Warns of names that protect nobody, because they have no address. */
export function checkNames(
  program: string,
  figures: StatusFigures,
): readonly Finding[] {
  const count = figures["unresolvedNames"];
  return typeof count === "number" && count > 0
    ? [warning(
      "protection",
      `${count} names in ignoreip or members have no address: ${program} protects nobody by them`,
      `${program} --print-config | grep -E 'ignoreip|members'`,
    )]
    : [];
}

/** Extracts the command from a hint, or returns the hint if it has none. */
export function commandIn(hint: string | undefined): string | undefined {
  const text = hint ?? "";
  return /(?:run|remove that one): (.*)$/s.exec(text)?.[1] ?? hint;
}
