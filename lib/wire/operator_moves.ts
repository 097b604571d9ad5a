/**
 * Which nodes were told the publisher's new address, for an operator.
 *
 * @module
 */

import { parseEndpointUrl } from "../base/endpoint_url.ts";
import type { HostName } from "../base/host_name.ts";
import type { NodeRole } from "../base/ids.ts";
import {
  list,
  type Members,
  oneOf,
  orNull,
  record,
  text,
} from "../base/json_shape.ts";
import { MAX_MEMBERS } from "../members/member_list_form.ts";
import type { PublisherAddress } from "../members/member.ts";
import { node, words } from "./operator_bans.ts";
import { MOVE_OUTCOMES } from "./v2_messages.ts";

/** An order to tell nodes the publisher's new address. */
export interface MoveTelling extends PublisherAddress {
  /** The user who asks. */
  readonly by: string;
  /** Only this node; `null`: every node, including those that connect later. */
  readonly node: HostName | null;
}

/** The outcome; `silent`: no answer in time, `away`: not connected. */
export const TOLD_OUTCOMES = [...MOVE_OUTCOMES, "silent", "away"] as const;

/** How a node's program handled the new address. */
export interface ToldNode {
  readonly node: HostName;
  /** `null`: none of its programs is connected. */
  readonly role: NodeRole | null;
  readonly outcome: typeof TOLD_OUTCOMES[number];
  /** The configured address, or the failure; empty for other outcomes. */
  readonly detail: string;
}

/** Most programs listed per node. */
const MAX_PROGRAMS = 16;

const url = (name: "controlUrl" | "streamUrl") =>
  text(name, (text) => parseEndpointUrl(text, "connect"));

/** The members of a {@link MoveTelling}. */
export const MOVE_TELLING: Members<MoveTelling> = {
  by: words("by"),
  controlUrl: url("controlUrl"),
  streamUrl: url("streamUrl"),
  node: orNull(node),
};

/** Answers of nodes. */
export const TOLD_NODES = list(
  "nodes",
  record<ToldNode>({
    node,
    role: orNull(oneOf<NodeRole>("role", ["monitor", "subscriber"])),
    outcome: oneOf("outcome", TOLD_OUTCOMES),
    detail: words("detail"),
  }),
  0,
  MAX_PROGRAMS * MAX_MEMBERS,
);
