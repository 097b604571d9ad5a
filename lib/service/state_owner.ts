/**
 * Checks that only its owner writes into the folder for state.
 *
 * What root writes into a folder that a service works in, the service can't
 * open afterwards.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/** A verb that writes into the folder for state. */
export type WritingVerb = "run" | "start" | "restart" | "lift";

/** The folder for state. */
export interface StateFolder {
  /** Where it is. */
  readonly path: string;
  /** Its owner's number; 0 is root's. */
  readonly uid: number;
  /** Its owner's name. */
  readonly owner: string;
}

/** Who wants to write into it. */
export interface StateWriter {
  /** The program's name, as in `fail2ban-monitor`, which its service has too. */
  readonly program: string;
  /** The verb that it was started with. */
  readonly verb: WritingVerb;
  /** The number of the user that it runs as. */
  readonly uid: number | null;
  /** Whether a service manager runs this host's services. */
  readonly hasServices: boolean;
}

const ROOT = 0;
/** Rights that the subscriber's service has beyond its user's; lifting bans needs them too. */
const CAPABILITIES = "+net_admin,+dac_override";

/**
 * Judges whether a program may write into its folder for state. Without a
 * service manager root is who runs the programs, and may.
 *
 * @param folder The folder; `undefined`: it is missing.
 * @param writer Who wants to.
 * @returns What to throw if it must not.
 *
 * @example
 * ```ts
 * import { refusedState } from "./state_owner.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const path = "/var/lib/fail2ban-cluster";
 * const refused = refusedState(
 *   { path, uid: 998, owner: "fail2ban-cluster" },
 *   { program: "fail2ban-publisher", verb: "restart", uid: 0, hasServices: true },
 * );
 * strictEqual(refused?.message, `${path} belongs to fail2ban-cluster`);
 * ```
 */
export function refusedState(
  folder: StateFolder | undefined,
  writer: StateWriter,
): RuntimeError | undefined {
  const isFine = folder === undefined || folder.uid === ROOT ||
    writer.uid !== ROOT || !writer.hasServices;
  if (isFine) return undefined;
  const { path, owner } = folder;
  return new RuntimeError(`${path} belongs to ${owner}`, {
    hint: wayRound(owner, writer),
  });
}

function wayRound(owner: string, { program, verb }: StateWriter): string {
  if (verb === "lift") {
    return `systemctl stop ${program}, then setpriv --reuid=${owner} ` +
      `--regid=${owner} --init-groups --inh-caps=${CAPABILITIES} ` +
      `--ambient-caps=${CAPABILITIES} ${program} lift`;
  }
  const asked = verb === "run" ? "start" : verb;
  return `systemctl ${asked} ${program}, or ` +
    `runuser -u ${owner} -- ${program} ${verb}`;
}
