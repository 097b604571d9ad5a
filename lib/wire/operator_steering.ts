/**
 * What an operator has done to bans, and what came of it.
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

/** Ban an address, whoever it is reported by. */
export interface BanOrder {
  /** The user who asks. */
  readonly by: string;
  readonly address: Address;
  /** `null`: until it is lifted. */
  readonly forMs: number | null;
  /** Why; may be empty. */
  readonly reason: string;
  /** Also a private address, and a wide prefix. */
  readonly force: boolean;
}

/** Lift bans; `null`: whatever it is. Nothing but `null` is all of them. */
export interface UnbanOrder {
  /** The user who asks. */
  readonly by: string;
  readonly address: Address | null;
  /** Bans that it reported. */
  readonly node: HostName | null;
  readonly jail: JailName | null;
  /** Have the fail2bans that reported it unban it, too; of an address only. */
  readonly local: boolean;
}

/**
 * What became of the wish that a node's own fail2ban unbans. `silent`: the node
 * did not answer in time; `away`: none of its programs is connected.
 */
export type LocalOutcome = typeof LOCAL_OUTCOMES[number];

/** Every {@link LocalOutcome}. */
export const LOCAL_OUTCOMES = [
  ...LOCAL_UNBAN_OUTCOMES,
  "silent",
  "away",
] as const;

/** The same, of one node and jail. */
export interface LocalUnban extends SteeredReport {
  readonly outcome: LocalOutcome;
  /** Why it failed; empty for the others. */
  readonly detail: string;
}

/** What came of an order. */
export interface Steered {
  /** Bans that were made or lifted. */
  readonly bans: number;
  /** Who had reported them, and in which jails; of many, the first. */
  readonly reports: readonly SteeredReport[];
  /** Nodes that carried it out within the call. */
  readonly done: number;
  /** Nodes that should. */
  readonly expected: number;
  /** How long that took, in milliseconds. */
  readonly tookMs: number;
  /** Nodes that said nothing in time; of many, the first. */
  readonly silent: readonly HostName[];
  /** What others say; of many, the first. */
  readonly failed: readonly EnforcementDetail[];
  /** What the fail2bans did that reported it, where they were asked; of many, the first. */
  readonly local: readonly LocalUnban[];
  /** Networks around the address that are banned after an unban of it, the narrowest first. */
  readonly around: readonly Address[];
}

/** A report that was taken back. */
export interface SteeredReport {
  readonly node: HostName;
  readonly jail: JailName;
}

/** Most nodes and reports that are named. */
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
