/**
 * Carries out the verbs for the publisher's keys, its members and the allowlist.
 *
 * @module
 */

import { AllowCommands } from "../../lib/cli/allow_commands.ts";
import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import { LiveCommands } from "../../lib/cli/live_commands.ts";
import { NodeCommands } from "../../lib/cli/node_commands.ts";
import { readdress } from "../../lib/cli/readdress_command.ts";
import {
  bindSettings,
  protocol2Ports,
} from "../../lib/config/cluster_config.ts";
import { newCurveKeys, newToken } from "../../lib/members/io/curve_keys.ts";
import { memberDetails, memberJson } from "../../lib/views/member_view.ts";
import { nodeJson, nodeTable } from "../../lib/views/node_table.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import { writeLocalSettings } from "./local_settings.ts";
import { identityFile } from "./member_files.ts";
import { memberListOf } from "./member_list.ts";
import { publisherAt } from "./operator_socket.ts";
import type { CarryOut, Workplace } from "./workplace.ts";

/** The verbs of this file. */
export const VERBS = {
  "init": init,
  "node add": (command, place) => nodesAt(place).add(command),
  "node list": listNodes,
  "nodes": listNodes,
  "node show": showNode,
  "node revoke": (command, place) => nodesAt(place).revoke(command),
  "node rotate": (command, place) => nodesAt(place).rotate(command),
  "node readdress": (command, { config, editor }) =>
    readdress(command, {
      ...{ ask: publisherAt(config), editor, ports: protocol2Ports(config) },
      identity: identityFile(config.stateDir),
    }),
  "allow add": (command, place) => allowlistAt(place).add(command),
  "allow remove": (command, place) => allowlistAt(place).remove(command),
  "allow list": (command, place) => allowlistAt(place).list(command),
  "allow check": (command, place) => allowlistAt(place).check(command),
} as const satisfies Readonly<Record<string, CarryOut>>;

async function init(
  command: TypedCommand,
  place: Workplace,
): Promise<OperatorOutput> {
  const bound: string[] = [];
  const { controlUrl } = await nodesAt(place).init(command, async (url) => {
    const settings = bindSettings(place.config, url);
    if (settings.length === 0) return;
    const file = await writeLocalSettings(place, settings);
    bound.push(
      `it listens on all addresses (set in ${file}): only members get in`,
    );
  });
  return {
    lines: [],
    notes: [
      `the publisher has its keys; nodes will reach it at ${controlUrl}`,
      ...bound,
      "next: fail2ban-cluster node add NAME..., and start or restart fail2ban-publisher",
    ],
  };
}

async function listNodes(
  { options }: TypedCommand,
  place: Workplace,
): Promise<OperatorOutput> {
  const members = await nodesAt(place).members();
  const view = await liveAt(place).view();
  return options.has("json")
    ? nodeJson(members, view)
    : nodeTable(members, view);
}

async function showNode(
  command: TypedCommand,
  place: Workplace,
): Promise<OperatorOutput> {
  const member = await nodesAt(place).show(command);
  const view = await liveAt(place).view();
  return command.options.has("json")
    ? memberJson(member, view)
    : memberDetails(member, view);
}

function nodesAt({ config, editor }: Workplace): NodeCommands {
  return new NodeCommands({
    identity: identityFile(config.stateDir),
    list: memberListOf(config),
    secrets: { newKeys: newCurveKeys, newToken },
    editor,
    ports: protocol2Ports(config),
  });
}

function liveAt({ config, editor }: Workplace): LiveCommands {
  return new LiveCommands(publisherAt(config), editor);
}

function allowlistAt({ config, editor }: Workplace): AllowCommands {
  return new AllowCommands(memberListOf(config), editor);
}
