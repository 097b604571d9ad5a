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

/** What fail2ban's socket answers. */
export type Fail2banRunFacts =
  | {
    readonly kind: "answers";
    /** Its version; empty: it does not tell. */
    readonly version: string;
    readonly jails: readonly string[];
    /** `undefined`: it can't be asked for it. */
    readonly databasePath: string | undefined;
  }
  | {
    readonly kind: "silent";
    readonly reason: string;
    readonly hint: string | undefined;
    /** Whether this user may not connect, so that it may well run. */
    readonly isDenied: boolean;
  };

/** This host's fail2ban, as far as the programs need it. */
export interface Fail2banFacts {
  readonly socketPath: string;
  readonly run: Fail2banRunFacts;
  /** Whether bans are enforced by it. */
  readonly isEnforcing: boolean;
  /** The jails that bans go into. */
  readonly jails: readonly string[];
  /** The project's jail, where fail2ban reads it. */
  readonly jailFile: { readonly path: string; readonly isThere: boolean };
  /** Where the project's jail was brought with; `undefined`: nobody knows. */
  readonly shippedJail: string | undefined;
  /** fail2ban's usual socket needs no name. */
  readonly isUsualSocket: boolean;
}

/** A look at fail2ban's database. */
export interface DatabaseFacts {
  readonly path: string;
  /** Why it can't be asked; `undefined`: it can. */
  readonly trouble: string | undefined;
  readonly isThere: boolean;
  /** Whether the running monitor says so itself. */
  readonly isMonitors: boolean;
  /** What fail2ban says that it is; `undefined`: it was not asked. */
  readonly dbfile: string | undefined;
  /** `fail2bandb`, and where it is set. */
  readonly option: PlacedOption;
  /** `bantime` of the monitor, as written. */
  readonly assumed: string;
}

const DEDICATED = "fail2bancluster";

/** fail2ban's command, for that socket. */
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

/** Whether fail2ban runs, and has the jails that bans go into. */
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

/** Whether unbans and ban times can be told. */
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
