/**
 * Checks the publisher: its ports, keys, members and store.
 *
 * @module
 */

import type { StatusFigures } from "../service/status_report.ts";
import { spanText } from "../views/plain_texts.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import { checkEngine, type EngineFacts } from "./engine_check.ts";
import {
  type Commands,
  programCommand,
  serviceCommand,
} from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** A port on which the publisher can't listen. */
export interface PortTrouble {
  /** The option that sets its URL. */
  readonly key: string;
  readonly url: string;
  readonly reason: string;
}

/** The observed state of the publisher. */
export interface PublisherFacts {
  /** Whether it has keys, so that it can serve protocol 2. */
  readonly hasKeys: boolean;
  /** Number of members. */
  readonly members: number;
  /**
   * Ports on which it could not listen; observed only while it does not run.
   */
  readonly ports: readonly PortTrouble[];
  /** Its own report; `undefined`: it does not run. */
  readonly live:
    | {
      readonly figures: StatusFigures;
      /** Empty: it can store everything. `undefined`: it does not say. */
      readonly storeTrouble: string | undefined;
      readonly nodes: readonly LiveNode[];
      /**
       * How long ago the last backup was made, in milliseconds; `null`: never.
       * `undefined`: it does not say.
       */
      readonly backupAgoMs: number | null | undefined;
    }
    | undefined;
  /** `undefined`: there is only one publisher. */
  readonly engine: EngineFacts | undefined;
  /** Why its tokens can't be used; `undefined`: they can. */
  readonly tokens:
    | { readonly reason: string; readonly hint: string | undefined }
    | undefined;
}

/** Age at which a backup is old: a restore loses all later changes. */
const OLD_BACKUP_MS = 8 * 86_400_000;
/** Connections that a port should allow, however few nodes there are. */
const FEW_CONNECTIONS = 256;
/** Maximum number of a node's connections to a port, while old ones linger. */
const CONNECTIONS_OF_NODE = 4;

/** Checks the publisher; returns one finding for each problem. */
export function checkPublisher(
  facts: PublisherFacts,
  commands: Commands,
): readonly Finding[] {
  const { live, tokens, engine } = facts;
  return [
    ...checkKeys(facts, commands),
    ...(tokens === undefined
      ? []
      : [fault("authtokens", tokens.reason, tokens.hint)]),
    ...facts.ports.map(portFault),
    ...(engine === undefined ? [] : checkEngine(engine)),
    ...(live === undefined ? [] : [
      ...checkStore(live.storeTrouble),
      ...checkBackup(live.backupAgoMs, commands),
      ...checkLimits(live.figures, facts.members, commands),
      ...live.nodes.flatMap((node) => checkNode(node, commands)),
    ]),
  ];
}

function checkKeys(
  { hasKeys, members }: PublisherFacts,
  commands: Commands,
): readonly Finding[] {
  const command = (...words: readonly string[]) =>
    programCommand(commands, "fail2ban-cluster", ...words);
  if (!hasKeys) {
    return [warning(
      "keys",
      "this publisher has none: it serves protocol 1 only, in the clear",
      command("init", "--address", "HOST"),
    )];
  }
  if (members === 0) {
    return [warning("nodes", "none was added", command("node", "add", "NAME"))];
  }
  return [
    fine(
      "keys",
      members === 1 ? "1 node may join" : `${members} nodes may join`,
    ),
  ];
}

function portFault({ key, url, reason }: PortTrouble): Finding {
  const [, command] = /\((ss .*?) shows which\)/.exec(reason) ?? [];
  const said = reason.replace(/ \(ss .*$/, "");
  return fault(
    "port",
    `publisher.${key} = ${url}: ${said}`,
    command,
  );
}

function checkStore(trouble: string | undefined): readonly Finding[] {
  if (trouble === undefined) return [];
  return [
    trouble === "" ? fine("store", "keeps what it is told") : fault(
      "store",
      trouble,
      "df -h; journalctl -u fail2ban-publisher -n 20",
    ),
  ];
}

function checkBackup(
  agoMs: number | null | undefined,
  commands: Commands,
): readonly Finding[] {
  if (agoMs === undefined) return [];
  if (agoMs !== null && agoMs <= OLD_BACKUP_MS) {
    return [fine("backup", `${spanText(agoMs)} old`)];
  }
  const folder = "/var/backups/fail2ban-cluster";
  const command = programCommand(commands, "fail2ban-cluster", "backup");
  return [warning(
    "backup",
    agoMs === null ? "none was made" : `${spanText(agoMs)} old`,
    `mkdir -p ${folder} && ${command} ${folder}/$(date +%F)`,
  )];
}

function checkLimits(
  figures: StatusFigures,
  members: number,
  commands: Commands,
): readonly Finding[] {
  const max = figures["controlPort.max"];
  const files = figures["openFiles"];
  const enough = Math.max(FEW_CONNECTIONS, CONNECTIONS_OF_NODE * members);
  if (typeof max !== "number" || max >= enough) return [];
  const text =
    `it may have ${files} files open, so only ${max} connections to a port`;
  const restart = serviceCommand(commands, "restart", "fail2ban-publisher");
  return [warning(
    "open files",
    text,
    commands.hasServices
      ? `systemctl edit fail2ban-publisher ([Service] LimitNOFILE=65536); ${restart}`
      : `ulimit -n 65536 && ${restart}`,
  )];
}

function checkNode(
  { node, state, roles, seenAgoMs }: LiveNode,
  commands: Commands,
): readonly Finding[] {
  const command = (...words: readonly string[]) =>
    programCommand(commands, "fail2ban-cluster", ...words);
  const twins = roles.some(({ hasTwin }) => hasTwin)
    ? [warning(
      `node ${node}`,
      "another host runs with the same join code",
      command("node", "add", "OTHER_NAME"),
    )]
    : [];
  switch (state) {
    case "aside":
      return [
        ...twins,
        fault(
          `node ${node}`,
          "its reports are set aside",
          command("node", "release", node),
        ),
      ];
    case "silent":
      return [
        ...twins,
        warning(
          `node ${node}`,
          `silent for ${seenAgoMs === null ? "long" : spanText(seenAgoMs)}`,
          `on ${node}: fail2ban-cluster doctor`,
        ),
      ];
    case "ok":
    case "away":
    case "never":
      return twins;
  }
}
