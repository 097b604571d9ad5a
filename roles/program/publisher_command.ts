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
import { writeLocalSettings } from "./local_settings.ts";
import { identityFile } from "./member_files.ts";
import { memberListOf } from "./member_list.ts";
import { typedLine } from "./typed_line.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "publisher add": (command, place) =>
    steer(place, (publishers) => publishers.add(command)),
  "publisher list": (command, place) =>
    steer(place, (publishers) => publishers.list(command)),
  "publisher remove": (command, place) =>
    steer(place, (publishers) => publishers.remove(command)),
  "publisher handover": (command, place) =>
    steer(place, (publishers) => publishers.handOver(command)),
  "publisher join": join,
} as const satisfies Readonly<Record<string, CarryOut>>;

/** @throws {RuntimeError} when they can't be reached, or this is a single publisher. */
async function steer(
  { config, editor }: Workplace,
  work: (publishers: PublisherCommands) => Promise<OperatorOutput>,
): Promise<OperatorOutput> {
  const { engine, stateDir, hostName } = config;
  if (engine === undefined) throw aloneError();
  const clock = new SystemClock();
  using client = await openEngine(engine, stateDir, clock);
  return await work(
    new PublisherCommands({
      identity: identityFile(stateDir),
      list: memberListOf(config),
      ...{ editor, hostName, ports: protocol2Ports(config) },
      group: new PublisherGroup({
        log: new EtcdLog(client, engine.prefix),
        values: new EtcdValues(client, engine.prefix),
        clock,
      }),
      engine: await givenEngine(engine, stateDir),
    }),
  );
}

/**
 * Makes this host a further publisher. Never replaces existing keys by others.
 *
 * @throws {RuntimeError} when the code is invalid, or this host has other keys.
 */
async function join(
  { operands }: TypedCommand,
  place: Workplace,
): Promise<OperatorOutput> {
  const { config } = place;
  const { name, given } = readLine(await typedLine(operands));
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
  const file = await writeLocalSettings(place, settingsOf(given, config));
  return {
    lines: [],
    notes: [
      `this host is the publisher ${given.name} now; nodes will reach it at ${controlUrl} (set in ${file})`,
      "next: start fail2ban-publisher; it gets the current bans from the others",
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
  return new RuntimeError("this host is already a publisher with other keys", {
    hint:
      `this would end its own cluster; to do so: mv ${stateDir}/members ${stateDir}/members.before, and its publisher.sqlite3 aside`,
  });
}
