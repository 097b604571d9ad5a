/**
 * The operator's verb that tells nodes the publisher's new address.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import type { PublisherAddress, PublisherIdentity } from "../members/member.ts";
import type { StoredValue } from "../members/stored_value.ts";
import { movedLines } from "../views/move_view.ts";
import type { OperatorOutput } from "../views/operator_output.ts";
import type { TypedCommand } from "./cluster_cli.ts";
import type { Editor } from "../members/member_edits.ts";
import { addressOption, expected } from "./operands.ts";
import {
  askOnce,
  type AskPublisher,
  askRunning,
} from "./publisher_questions.ts";

/** Options for {@link readdress}. */
export interface ReaddressOptions {
  readonly ask: AskPublisher;
  readonly editor: Editor;
  readonly identity: StoredValue<PublisherIdentity>;
  /** Ports that the publisher is configured to bind for control and stream. */
  readonly ports: readonly [control: number, stream: number];
}

/**
 * `node readdress`: gives the new address to all nodes, to those that connect
 * later, and to join codes from now on; or to one node only.
 *
 * @throws {UsageError} when the address is invalid.
 * @throws {RuntimeError} when there are no keys, or the address can't be stored
 * or sent.
 */
export async function readdress(
  command: TypedCommand,
  { ask, editor: { by }, identity, ports }: ReaddressOptions,
): Promise<OperatorOutput> {
  const address = addressOf(command, ports);
  const node = nodeOption(command);
  const request = { kind: "readdress", by, ...address, node } as const;
  if (node !== null) {
    const { nodes } = await askRunning(ask, request, "readdressed");
    if (nodes.length === 0) throw noMember(node);
    return { lines: movedLines(address, node, nodes), notes: [] };
  }
  await identity.edit((before) => {
    if (before === undefined) throw noKeys();
    return { ...before, ...address, isTold: true };
  });
  const answer = await askOnce(ask, request, "readdressed");
  return answer === undefined
    ? { lines: [], notes: [LATER] }
    : { lines: movedLines(address, node, answer.nodes), notes: [NEXT] };
}

const LATER =
  "the publisher does not run: once it does it tells each node that connects";
const NEXT =
  "next: move the publisher; nodes go there once nobody answers where it is now";

function addressOf(
  { operands: [host = ""], ...command }: TypedCommand,
  ports: ReaddressOptions["ports"],
): PublisherAddress {
  const options = new Map([["address", host]]);
  const typed = { ...command, operands: [], options };
  return addressOption(typed, ports) ??
    expected(host, "an address or a host's name, without a port");
}

function nodeOption({ options }: TypedCommand): HostName | null {
  const text = options.get("node");
  if (typeof text !== "string") return null;
  return parseHostName(text) ?? expected(text, "a node's name");
}

function noMember(node: HostName): RuntimeError {
  return new RuntimeError(`there is no member ${node}`, {
    hint: "fail2ban-cluster node list shows who is",
  });
}

function noKeys(): RuntimeError {
  return new RuntimeError("the publisher has no keys yet", {
    hint: "fail2ban-cluster init --address HOST makes them, on its host",
  });
}
