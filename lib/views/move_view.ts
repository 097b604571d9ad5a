/**
 * Shows an operator which nodes know the publisher's new address.
 *
 * @module
 */

import { endpointHost } from "../base/endpoint_url.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { PublisherAddress } from "../members/member.ts";
import type { ToldNode } from "../wire/operator_moves.ts";
import { tableLines } from "./operator_output.ts";

/**
 * A summary line, and one for each program that lacks the address, with a
 * remedy.
 *
 * @param only The only node that was told; `null`: all were.
 * @param told The answers of the programs.
 */
export function movedLines(
  address: PublisherAddress,
  only: HostName | null,
  told: readonly ToldNode[],
): readonly string[] {
  const nodes = new Set(told.map(({ node }) => canonicalHost(node)));
  const missing = told.filter(isMissing);
  const lacking = new Set(missing.map(({ node }) => canonicalHost(node)));
  const where = endpointHost(address.controlUrl) ?? address.controlUrl;
  const rows = missing.map((each) => [
    `  ${each.node}`,
    each.role ?? "",
    remedy(each, address, only !== null),
  ]);
  return [
    `${
      nodes.size - lacking.size
    } of ${nodes.size} nodes know that the publisher will be at ${where}`,
    ...tableLines(rows),
  ];
}

function isMissing({ outcome }: ToldNode): boolean {
  return outcome !== "taken" && outcome !== "known";
}

function remedy(
  { role, outcome, detail }: ToldNode,
  { controlUrl, streamUrl }: PublisherAddress,
  isAlone: boolean,
): string {
  switch (outcome) {
    case "taken":
    case "known":
      return "knows";
    case "configured": {
      const stream = role === "subscriber"
        ? ` and streamserver = ${streamUrl}`
        : "";
      return `its configuration says ${detail}; set there, in [${
        role ?? ""
      }]: controlserver = ${controlUrl}${stream}`;
    }
    case "failed":
      return `could not keep it: ${detail}`;
    case "silent":
      return "did not answer in time: say it again";
    case "away":
      return isAlone
        ? "is not connected: say it again once it is"
        : "is not connected: it is told when it connects";
  }
}
