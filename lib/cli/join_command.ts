/**
 * Joins a cluster, on the host that becomes a node.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import { type HostName, parseHostName, sameHost } from "../base/host_name.ts";
import type { IniSetting } from "../config/ini_edit.ts";
import {
  decodeJoinCode,
  type JoinCodeFault,
  type Joining,
} from "../members/join_code.ts";
import type { Membership } from "../members/member.ts";
import { publisherHosts } from "../members/moved_publisher.ts";
import type { StoredValue } from "../members/stored_value.ts";
import type { OperatorOutput } from "../views/operator_output.ts";

/** Options for {@link joinCluster}. */
export interface JoinOptions {
  readonly membership: StoredValue<Membership>;
  /**
   * This host's name in the configuration; `undefined`: it is invalid for a
   * node.
   */
  readonly hostName: HostName | undefined;
  /** Lists the node's programs that run on this host. */
  readonly running: () => Promise<readonly string[]>;
  /**
   * Sets options in this host's configuration.
   *
   * @returns The file that contains them.
   */
  readonly configure: (settings: readonly IniSetting[]) => Promise<string>;
}

const FAULTS: Readonly<Record<JoinCodeFault, string>> = {
  none: "this is no join code",
  version: "this join code is of another version of fail2ban-cluster",
  broken:
    "this join code is damaged: there is white space in it, as where a line was broken",
  damaged:
    "this join code is damaged: a character is missing, or another than it was",
};

/**
 * Makes this host the node that a join code is for.
 *
 * @param line The code, or a node's name and its code, as `node add` prints
 * them.
 * @throws {RuntimeError} when the code is invalid, or its content can't be
 * stored.
 */
export async function joinCluster(
  line: string,
  { membership, hostName, running, configure }: JoinOptions,
): Promise<OperatorOutput> {
  const { name, code } = partLine(line);
  const read = decodeJoinCode(code);
  if (!read.ok) {
    throw new RuntimeError(FAULTS[read.fault], {
      hint: "it is the one line that fail2ban-cluster node add printed",
    });
  }
  const { value } = read;
  if (name !== undefined && !sameHost(name, value.node)) {
    throw new RuntimeError(`this join code is for ${value.node}, not ${name}`, {
      hint:
        `take the line of ${name}; fail2ban-cluster node rotate ${name} prints a new one`,
    });
  }
  // The addresses of several publishers go into the configuration.
  const { others = [], ...joined } = value;
  await membership.replace(joined);
  const file = await configure(settingsOf(value, hostName));
  return {
    lines: [],
    notes: [
      `this host is ${value.node} now; it reaches the publisher at ${
        [value, ...others].map(({ controlUrl }) => controlUrl).join(" or ")
      } (set in ${file})`,
      nextStep(await running(), value.node, hostName),
    ],
  };
}

/**
 * What to do after a host has joined. A running program takes another
 * membership by itself, but not another name.
 */
function nextStep(
  running: readonly string[],
  node: HostName,
  before: HostName | undefined,
): string {
  if (running.length === 0) {
    return "next: start fail2ban-node";
  }
  const programs = running.join(" and ");
  return before === undefined || sameHost(before, node)
    ? `next: restart ${programs}; those that know a membership already take the new one by themselves`
    : `next: restart ${programs}, which run on as ${before}, by what that name had, until then`;
}

/**
 * The error on a node for a command that belongs on the publisher's host.
 *
 * @param verb The command's verb.
 * @param membership The node's membership.
 */
export function notHere(
  verb: string,
  membership: Membership,
): RuntimeError {
  const { node } = membership;
  const hub = publisherHosts(membership).join(" or ");
  return new RuntimeError(
    `this host is ${node}, a node: ${verb} is for the publisher's host, ${hub}`,
    { hint: `run it on ${hub}: fail2ban-cluster ${verb} ...` },
  );
}

/**
 * Splits a line into an optional name and the code. A code with white space in
 * it stays whole, so that the error names it.
 */
function partLine(
  line: string,
): { readonly name: HostName | undefined; readonly code: string } {
  const [, word = "", code = ""] = /^\s*(\S+)[ \t]+(F2BC[^]*)$/.exec(line) ??
    [];
  const name = word.startsWith("F2BC") ? undefined : parseHostName(word);
  return name === undefined ? { name, code: line } : { name, code };
}

function settingsOf(
  { others = [], ...membership }: Joining,
  hostName: HostName | undefined,
): readonly IniSetting[] {
  const { node } = membership;
  const all = [membership, ...others];
  const control = all.map(({ controlUrl }) => controlUrl).join(", ");
  const stream = all.map(({ streamUrl }) => streamUrl).join(", ");
  const isNamed = hostName !== undefined && sameHost(hostName, node);
  return [
    ...(isNamed ? [] : [{ section: "general", key: "hostname", value: node }]),
    { section: "monitor", key: "controlserver", value: control },
    { section: "subscriber", key: "controlserver", value: control },
    { section: "subscriber", key: "streamserver", value: stream },
  ];
}
