/**
 * Carries out the operator's command on a host that is only a node.
 *
 * @module
 */

import type { TypedCommand } from "../../lib/cli/cluster_cli.ts";
import { notHere } from "../../lib/cli/join_command.ts";
import { nodeStatus } from "../../lib/cli/live_commands.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import type { Membership } from "../../lib/members/member.ts";
import type { OperatorOutput } from "../../lib/views/operator_output.ts";
import { viewPrograms } from "./running_programs.ts";

/** @throws {RuntimeError} when the verb is for a publisher's host. */
export async function carryOutOnNode(
  command: TypedCommand,
  membership: Membership,
  config: ClusterConfig,
): Promise<OperatorOutput> {
  if (command.verb !== "status") throw notHere(command.verb, membership);
  return nodeStatus(command, membership, await viewPrograms(config));
}
