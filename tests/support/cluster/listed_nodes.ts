/**
 * The output of `node list` for a cluster under test.
 *
 * @module
 */

import { commandSocketPath } from "../../../lib/cli/command_socket.ts";
import { type NodeRow, nodeRows } from "../../../lib/views/node_table.ts";
import { askPublisher } from "../../../roles/program/operator_socket.ts";
import { waitUntil } from "../host/wait_until.ts";
import type { TestCluster } from "./test_cluster.ts";

/** All nodes by name; asked directly without a program, so cheap to repeat. */
export async function listedNodes(
  { dir }: TestCluster,
): Promise<Readonly<Record<string, NodeRow>>> {
  const socket = commandSocketPath(`${dir}/hub/publisher.pid`);
  const answers = askPublisher(socket, { kind: "nodes" });
  const [answer] = await Array.fromAsync(answers);
  if (answer?.kind !== "nodes") throw new Error("No answer");
  const { nodes } = answer;
  const rows = nodeRows(nodes.map(({ node }) => node), nodes);
  return Object.fromEntries(rows.map((row) => [row.node, row]));
}

/** Waits until a node's row satisfies a test. @returns The row. */
export async function waitListed(
  cluster: TestCluster,
  node: string,
  isRight: (row: NodeRow) => boolean,
  what: string,
): Promise<NodeRow> {
  let last = "";
  return await waitUntil(async () => {
    const row = (await listedNodes(cluster))[node];
    last = JSON.stringify(row);
    return row !== undefined && isRight(row) ? row : undefined;
  }, {
    what: () => `${node}: ${what}: ${last}`,
    timeoutMs: 30_000,
    intervalMs: 50,
  });
}

/** The listed state of a node's role. */
export function roleState(
  { roles }: NodeRow,
  role: "monitor" | "subscriber",
): string | undefined {
  return roles.find((each) => each.role === role)?.state;
}
