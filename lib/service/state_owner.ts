/**
 * Checks that only its owner writes into the state folder.
 *
 * The service could not open files that root writes into its folder, so root
 * acts as the service's user there.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";

/** A verb that writes into the state folder. */
export type WritingVerb = "run" | "start" | "restart" | "lift";

/** The state folder. */
export interface StateFolder {
  /** Its path. */
  readonly path: string;
  /** Its owner's user id; 0 is root. */
  readonly uid: number;
  /** Its group id. */
  readonly gid: number;
  /** Its owner's name, or the user id without a name. */
  readonly owner: string;
}

/** The program that wants to write into it. */
export interface StateWriter {
  /** The name of the program and its service, such as `fail2ban-monitor`. */
  readonly program: string;
  /** The verb that it was started with. */
  readonly verb: WritingVerb;
  /** The user id that it runs as. */
  readonly uid: number | null;
  /** Whether a service manager runs this host's services. */
  readonly hasServices: boolean;
}

/** How root deals with a state folder. */
export type RootsWay =
  /** Continues as the current user. */
  | { readonly kind: "root" }
  /** Acts as the folder's owner. */
  | { readonly kind: "owner"; readonly folder: StateFolder }
  /** Refuses: the service must do it. */
  | { readonly kind: "refused"; readonly error: RuntimeError };

const ROOT = 0;
/** Capabilities of a role's service beyond its user's rights. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  "fail2ban-monitor": ["dac_read_search"],
  "fail2ban-node": ["dac_read_search", "net_admin", "dac_override"],
  "fail2ban-subscriber": ["net_admin", "dac_override"],
};

/**
 * Decides how a program may write into its state folder. Without a service
 * manager root runs the programs, and may write.
 *
 * @param folder The folder; `undefined`: it is missing.
 * @param writer The program.
 *
 * @example
 * ```ts
 * import { rootsWay } from "./state_owner.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const path = "/var/lib/fail2ban-cluster";
 * const way = rootsWay(
 *   { path, uid: 998, gid: 998, owner: "fail2ban-cluster" },
 *   { program: "fail2ban-subscriber", verb: "lift", uid: 0, hasServices: true },
 * );
 * strictEqual(way.kind, "owner");
 * ```
 */
export function rootsWay(
  folder: StateFolder | undefined,
  { program, verb, uid, hasServices }: StateWriter,
): RootsWay {
  const isFine = folder === undefined || folder.uid === ROOT ||
    uid !== ROOT || !hasServices;
  if (isFine) return { kind: "root" };
  const { path, owner } = folder;
  if (verb === "lift" || verb === "run") return { kind: "owner", folder };
  return {
    kind: "refused",
    error: new RuntimeError(`${path} belongs to ${owner}, its service's user`, {
      hint: `systemctl ${verb} ${program}`,
    }),
  };
}

/**
 * The command by which a program of root becomes another user, with the rights
 * of its service.
 *
 * @param folder Its owner is that user.
 * @param program The program's name.
 * @param command The program to run, and its arguments.
 * @returns A program and its arguments.
 *
 * @see {@link https://man7.org/linux/man-pages/man1/setpriv.1.html | setpriv(1)}
 */
export function asOwner(
  { uid, gid, owner }: StateFolder,
  program: string,
  command: readonly string[],
): readonly [program: string, ...args: string[]] {
  const rights = [
    "-all",
    ...(CAPABILITIES[program] ?? []).map((it) => `+${it}`),
  ]
    .join(",");
  return [
    "setpriv",
    ...[`--reuid=${uid}`, `--regid=${gid}`],
    owner === `${uid}` ? "--clear-groups" : "--init-groups",
    ...[`--inh-caps=${rights}`, `--ambient-caps=${rights}`],
    ...command,
  ];
}
