/**
 * Carries out the verbs for several publishers of one table.
 *
 * @module
 */

import { SystemClock } from "../../lib/async/io/system_clock.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { parseHostName, sameHost } from "../../lib/base/host_name.ts";
import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import {
  aloneError,
  PublisherCommands,
} from "../../lib/cli/publisher_commands.ts";
import {
  bindSettings,
  type ClusterConfig,
  protocol2Ports,
} from "../../lib/config/cluster_config.ts";
import type { IniSetting } from "../../lib/config/ini_edit.ts";
import { EtcdLog } from "../../lib/engine/etcd_log.ts";
import { EtcdValues } from "../../lib/engine/etcd_values.ts";
import { PublisherGroup } from "../../lib/engine/publisher_group.ts";
import type { Editor } from "../../lib/members/member_edits.ts";
import {
  decodePublisherCode,
  type PublisherGift,
} from "../../lib/members/publisher_code.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import {
  authorityFile,
  givenEngine,
  loginFile,
  openEngine,
} from "./engine_client.ts";
import { identityFile } from "./member_files.ts";
import { memberListOf } from "./member_list.ts";

/** A verb for publishers, except `publisher join`. */
export type PublisherVerb =
  | "publisher add"
  | "publisher list"
  | "publisher remove"
  | "publisher handover";

/**
 * Carries out a verb.
 *
 * @throws {RuntimeError} when it fails, or this is a single publisher.
 */
export async function steerPublishers(
  verb: PublisherVerb,
  command: TypedCommand,
  config: ClusterConfig,
  editor: Editor,
): Promise<OperatorOutput> {
  const { engine, stateDir, hostName } = config;
  if (engine === undefined) throw aloneError();
  const clock = new SystemClock();
  using client = await openEngine(engine, stateDir, clock);
  const commands = new PublisherCommands({
    identity: identityFile(stateDir),
    list: memberListOf(config),
    ...{ editor, hostName, ports: protocol2Ports(config) },
    group: new PublisherGroup({
      log: new EtcdLog(client, engine.prefix),
      values: new EtcdValues(client, engine.prefix),
      clock,
    }),
    engine: await givenEngine(engine, stateDir),
  });
  switch (verb) {
    case "publisher add":
      return await commands.add(command);
    case "publisher list":
      return await commands.list(command);
    case "publisher remove":
      return await commands.remove(command);
    case "publisher handover":
      return await commands.handOver(command);
  }
}

/**
 * `publisher join`: makes this host a further publisher. Never replaces
 * existing keys by others.
 *
 * @param line The code, or a name and its code, as printed by `publisher add`.
 * @param configure Sets options in this host's configuration; returns the
 * file's path.
 * @throws {RuntimeError} when the code is invalid, or this host has other keys.
 */
export async function joinPublishers(
  line: string,
  config: ClusterConfig,
  configure: (settings: readonly IniSetting[]) => Promise<string>,
): Promise<OperatorOutput> {
  const { name, given } = readLine(line);
  if (name !== undefined && name !== given.name) {
    throw new RuntimeError(`this code is for ${given.name}, not ${name}`, {
      hint: `take the line that fail2ban-cluster publisher add ${name} printed`,
    });
  }
  const { stateDir } = config;
  const { keys, controlUrl, streamUrl, engine } = given;
  await identityFile(stateDir).edit((before) => {
    if (before !== undefined && before.keys.publicKey !== keys.publicKey) {
      throw otherKeys(stateDir);
    }
    return { keys, controlUrl, streamUrl };
  });
  if (engine.login !== null) await loginFile(stateDir).replace(engine.login);
  if (engine.authority !== null) {
    await authorityFile(stateDir).replace(engine.authority);
  }
  const file = await configure(settingsOf(given, config));
  return {
    lines: [],
    notes: [
      `this host is the publisher ${given.name} now; nodes will reach it at ${controlUrl} (set in ${file})`,
      "next: start fail2ban-publisher, which takes the bans that there are from the others",
    ],
  };
}

function readLine(line: string) {
  const [, word = "", code = ""] = /^\s*(\S+)\s+(F2BP\S*)\s*$/.exec(line) ?? [];
  const name = parseHostName(word);
  const given = decodePublisherCode(name === undefined ? line : code);
  return { name, given };
}

function settingsOf(
  { name, controlUrl, engine }: PublisherGift,
  config: ClusterConfig,
): readonly IniSetting[] {
  const { hostName } = config;
  const isNamed = hostName !== undefined && sameHost(hostName, name);
  const publisher = (key: string, value: string) => ({
    section: "publisher",
    key,
    value,
  });
  return [
    ...(isNamed ? [] : [{ section: "general", key: "hostname", value: name }]),
    publisher("engine", "etcd"),
    publisher("engineurls", engine.urls.join(", ")),
    ...(engine.prefix === (config.engine?.prefix ?? DEFAULT_PREFIX)
      ? []
      : [publisher("engineprefix", engine.prefix)]),
    ...bindSettings(config, controlUrl),
  ];
}

const DEFAULT_PREFIX = "/fail2ban-cluster/";

function otherKeys(stateDir: string): RuntimeError {
  return new RuntimeError("this host is a publisher with other keys already", {
    hint:
      `its own cluster would end here; if that is meant: mv ${stateDir}/members ${stateDir}/members.before, and its publisher.sqlite3 aside`,
  });
}
