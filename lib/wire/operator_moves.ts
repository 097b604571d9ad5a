/**
 * Who was told where the publisher will be, as an operator is told it.
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

/** Tell nodes where the publisher will be. */
export interface MoveTelling extends PublisherAddress {
  /** The user who asks. */
  readonly by: string;
  /** This one only; `null`: every node, and whoever connects later. */
  readonly node: HostName | null;
}

/** What became of it; `silent`: it did not answer in time, `away`: it is not connected. */
export const TOLD_OUTCOMES = [...MOVE_OUTCOMES, "silent", "away"] as const;

/** What a program of a node made of it. */
export interface ToldNode {
  readonly node: HostName;
  /** `null`: none of its programs is connected. */
  readonly role: NodeRole | null;
  readonly outcome: typeof TOLD_OUTCOMES[number];
  /** What is configured, or why it failed; empty for the others. */
  readonly detail: string;
}

/** Programs of a node that are told of at most. */
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
