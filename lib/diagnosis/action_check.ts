/**
 * Checks the actions of a subscriber, but for fail2ban's jails.
 *
 * @module
 */

import type { StatusFigures } from "../service/status_report.ts";
import { type Commands, serviceCommand } from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** A look at what an action works with. */
export interface ActionFacts {
  /** Its word in `subscriberaction`. */
  readonly action: string;
  /** Why it can't work; `undefined`: it can, or that was not looked at. */
  readonly trouble:
    | { readonly reason: string; readonly hint: string | undefined }
    | undefined;
  /** Bans that are really in force; `undefined`: they were not counted. */
  readonly found: number | undefined;
}

/** A part of the bans may come and go while they are counted. */
const TOLERATED = 0.9;

/**
 * Checks one action.
 *
 * @param facts What it works with.
 * @param figures Of the running subscriber; `undefined`: none runs.
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

/** Lines that a program could not write. */
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

/** Names without an address protect nobody. */
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

/** A hint with a command is that command. */
export function commandIn(hint: string | undefined): string | undefined {
  const text = hint ?? "";
  return /(?:run|remove that one): (.*)$/s.exec(text)?.[1] ?? hint;
}
