/**
 * Checks that only its owner writes into the folder for state.
 *
 * What root writes into a folder that a service works in, the service can't
 * open afterwards: so root acts as the service's user there.
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
  /** Its group's number. */
  readonly gid: number;
  /** Its owner's name; the number of one that has none. */
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

/** What root does about a folder for state. */
export type RootsWay =
  /** Goes on as it is. */
  | { readonly kind: "root" }
  /** Acts as the folder's owner. */
  | { readonly kind: "owner"; readonly folder: StateFolder }
  /** Leaves it to the service. */
  | { readonly kind: "refused"; readonly error: RuntimeError };

const ROOT = 0;
/** Rights that a role's service has beyond its user's. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  "fail2ban-monitor": ["dac_read_search"],
  "fail2ban-node": ["dac_read_search", "net_admin", "dac_override"],
  "fail2ban-subscriber": ["net_admin", "dac_override"],
};

/**
 * Judges how a program may write into its folder for state. Without a
 * service manager root is who runs the programs, and may.
 *
 * @param folder The folder; `undefined`: it is missing.
 * @param writer Who wants to.
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
 * How a program of root's becomes another user, with the rights that its
 * service has.
 *
 * @param folder Its owner is the user.
 * @param program The program's name.
 * @param command The program to become, and its arguments.
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
