/**
 * An operator's orders about bans, and their results.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  flag,
  integer,
  list,
  type Members,
  oneOf,
  orNull,
  record,
  type Shape,
} from "../base/json_shape.ts";
import { MAX_SPAN_MS } from "./v2_limits.ts";
import { LOCAL_UNBAN_OUTCOMES } from "./v2_messages.ts";
import {
  address,
  type EnforcementDetail,
  enforcementDetail,
  jail,
  node,
  words,
} from "./operator_bans.ts";

/** Bans an address, whoever has reported it. */
export interface BanOrder {
  /** The user who asks. */
  readonly by: string;
  readonly address: Address;
  /** `null`: until it is lifted. */
  readonly forMs: number | null;
  /** The reason; may be empty. */
  readonly reason: string;
  /** Whether to ban even a private address or a wide prefix. */
  readonly force: boolean;
}

/** Lifts bans; `null` matches anything, so all `null` lifts all bans. */
export interface UnbanOrder {
  /** The user who asks. */
  readonly by: string;
  readonly address: Address | null;
  /** Only bans that this node reported. */
  readonly node: HostName | null;
  readonly jail: JailName | null;
  /** Also have the reporting nodes' fail2ban unban; only for an address. */
  readonly local: boolean;
}

/**
 * The result of asking a node's own fail2ban to unban. `silent`: the node did
 * not answer in time; `away`: none of its programs is connected.
 */
export type LocalOutcome = typeof LOCAL_OUTCOMES[number];

/** Every {@link LocalOutcome}. */
export const LOCAL_OUTCOMES = [
  ...LOCAL_UNBAN_OUTCOMES,
  "silent",
  "away",
] as const;

/** The same, for one node and jail. */
export interface LocalUnban extends SteeredReport {
  readonly outcome: LocalOutcome;
  /** Why it failed; empty for other outcomes. */
  readonly detail: string;
}

/** The result of an order. */
export interface Steered {
  /** Number of bans made or lifted. */
  readonly bans: number;
  /** Their reporters and jails; if there are many, the first. */
  readonly reports: readonly SteeredReport[];
  /** Nodes that carried it out during the call. */
  readonly done: number;
  /** Nodes that should carry it out. */
  readonly expected: number;
  /** Duration in milliseconds. */
  readonly tookMs: number;
  /** Nodes without an answer in time; if there are many, the first. */
  readonly silent: readonly HostName[];
  /** Failures and refusals; if there are many, the first. */
  readonly failed: readonly EnforcementDetail[];
  /** Results of the reporting nodes' fail2ban, if asked; the first of them. */
  readonly local: readonly LocalUnban[];
  /** Banned networks around the address after an unban, narrowest first. */
  readonly around: readonly Address[];
}

/** A report that was taken back. */
export interface SteeredReport {
  readonly node: HostName;
  readonly jail: JailName;
}

/** Most nodes and reports listed. */
export const MAX_NAMED = 20;

const count = (name: string) => integer(name, 0);

/** The members of a {@link BanOrder}. */
export const BAN_ORDER: Members<BanOrder> = {
  by: words("by"),
  address,
  forMs: orNull(integer("forMs", 1, MAX_SPAN_MS)),
  reason: words("reason"),
  force: flag("force"),
};

/** The members of an {@link UnbanOrder}. */
export const UNBAN_ORDER: Members<UnbanOrder> = {
  by: words("by"),
  address: orNull(address),
  node: orNull(node),
  jail: orNull(jail),
  local: flag("local"),
};

const report: Shape<SteeredReport> = record<SteeredReport>({ node, jail });

/** The members of {@link Steered}. */
export const STEERED: Members<Steered> = {
  bans: count("bans"),
  reports: list("reports", report, 0, MAX_NAMED),
  done: count("done"),
  expected: count("expected"),
  tookMs: count("tookMs"),
  silent: list("silent", node, 0, MAX_NAMED),
  failed: list("failed", enforcementDetail, 0, MAX_NAMED),
  local: list(
    "local",
    record<LocalUnban>({
      node,
      jail,
      outcome: oneOf("outcome", LOCAL_OUTCOMES),
      detail: words("detail"),
    }),
    0,
    MAX_NAMED,
  ),
  around: list("around", address, 0, MAX_NAMED),
};
