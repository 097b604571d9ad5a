/**
 * Checks this host's fail2ban: its socket, its jails, its database.
 *
 * @module
 */

import { shellWord } from "../base/aside.ts";
import {
  type Commands,
  type PlacedOption,
  setCommand,
} from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** The answer from fail2ban's socket. */
export type Fail2banRunFacts =
  | {
    readonly kind: "answers";
    /** Its version; empty: it does not say. */
    readonly version: string;
    readonly jails: readonly string[];
    /** `undefined`: it does not say. */
    readonly databasePath: string | undefined;
  }
  | {
    readonly kind: "silent";
    readonly reason: string;
    readonly hint: string | undefined;
    /** Whether this user may not connect, so that fail2ban may be running. */
    readonly isDenied: boolean;
  };

/** The facts about this host's fail2ban that the programs depend on. */
export interface Fail2banFacts {
  readonly socketPath: string;
  readonly run: Fail2banRunFacts;
  /** Whether it enforces bans. */
  readonly isEnforcing: boolean;
  /** The jails that bans go into. */
  readonly jails: readonly string[];
  /** The project's jail, at the path where fail2ban reads it. */
  readonly jailFile: { readonly path: string; readonly isThere: boolean };
  /**
   * The shipped file of the project's jail; `undefined`: its path is unknown.
   */
  readonly shippedJail: string | undefined;
  /** Whether it is fail2ban's default socket, which commands need not name. */
  readonly isUsualSocket: boolean;
}

/** The observed state of fail2ban's database. */
export interface DatabaseFacts {
  readonly path: string;
  /** Why it can't be read; `undefined`: it can. */
  readonly trouble: string | undefined;
  readonly isThere: boolean;
  /** Whether the running monitor reported `trouble`. */
  readonly isMonitors: boolean;
  /**
   * The database's path according to fail2ban; `undefined`: it was not asked.
   */
  readonly dbfile: string | undefined;
  /** `fail2bandb`, and where it is set. */
  readonly option: PlacedOption;
  /** The monitor's `bantime`, as written. */
  readonly assumed: string;
}

const DEDICATED = "fail2bancluster";

/** A `fail2ban-client` command for that socket. */
export function clientCommand(
  { socketPath, isUsualSocket }: Pick<
    Fail2banFacts,
    "socketPath" | "isUsualSocket"
  >,
  words: string,
): string {
  const socket = isUsualSocket ? "" : ` -s ${shellWord(socketPath)}`;
  return `fail2ban-client${socket} ${words}`;
}

/** Checks that fail2ban runs, and has the jails that bans go into. */
export function checkFail2ban(
  facts: Fail2banFacts,
  commands: Commands,
): readonly Finding[] {
  const { run, isEnforcing, socketPath } = facts;
  switch (run.kind) {
    case "silent": {
      const fix = run.isDenied
        ? "sudo fail2ban-cluster doctor"
        : commands.hasServices
        ? "systemctl start fail2ban"
        : clientCommand(facts, "start");
      const text = run.reason.includes(socketPath)
        ? run.reason
        : `${socketPath}: ${run.reason}`;
      return [
        isEnforcing
          ? fault("fail2ban", text, fix)
          : warning("fail2ban", text, fix),
      ];
    }
    case "answers":
      return [
        fine(
          "fail2ban",
          [`${run.version} answers`.trim(), `${run.jails.length} jails`]
            .join(", "),
        ),
        ...(isEnforcing ? checkJails(facts, run.jails) : []),
      ];
  }
}

function checkJails(
  facts: Fail2banFacts,
  known: readonly string[],
): readonly Finding[] {
  const missing = facts.jails.filter((jail) => !known.includes(jail));
  if (missing.length === 0) {
    return [fine("jail", facts.jails.join(", "))];
  }
  return missing.map((jail) => jailFault(facts, jail));
}

function jailFault(facts: Fail2banFacts, jail: string): Finding {
  const { jailFile, shippedJail } = facts;
  const reload = clientCommand(facts, "reload");
  if (jail !== DEDICATED) {
    return fault(
      "jail",
      `fail2ban has no jail ${jail}, which jailmap names: enable it, or map to another`,
      clientCommand(facts, "status"),
    );
  }
  if (jailFile.isThere) {
    return fault(
      "jail",
      `${jailFile.path} is there, and fail2ban does not know it yet`,
      reload,
    );
  }
  const copy = shippedJail === undefined
    ? "install.sh install --role subscriber"
    : `cp ${shellWord(shippedJail)} ${shellWord(jailFile.path)}`;
  return fault(
    "jail",
    `${DEDICATED} is not installed: there is no ${jailFile.path}`,
    `${copy} && ${reload}`,
  );
}

/** Checks whether the monitor can learn ban times and the reason of unbans. */
export function checkDatabase(
  facts: DatabaseFacts,
  commands: Commands,
): readonly Finding[] {
  const { path, trouble, isThere, isMonitors, dbfile, assumed, option } = facts;
  const subject = "fail2ban.sqlite3";
  if (dbfile !== undefined && dbfile !== path) {
    return [warning(
      subject,
      `fail2ban's is ${dbfile}, and fail2bandb is ${path}`,
      setCommand(commands, option, dbfile),
    )];
  }
  if (trouble === undefined) return [fine(subject, "can be read")];
  const who = isMonitors ? "the monitor can't read it" : "not readable";
  return [warning(
    subject,
    `${who} (${trouble}): bans are assumed to hold ${assumed}`,
    !isThere
      ? "fail2ban-client get dbfile"
      : commands.hasServices
      ? `systemctl edit ${
        commands.monitorService ?? "fail2ban-monitor"
      } (OPERATIONS, Under systemd)`
      : showRights(path),
  )];
}

function showRights(path: string): string {
  return `ls -l ${shellWord(path)}`;
}
