/**
 * A ban of the cluster: the sum of the nodes' reports.
 *
 * A report says that one node banned an address; a ban lasts as long as one of
 * its reports. The table of bans is replicated: the publisher decides and
 * numbers its decisions, and every copy applies the same changes in the same
 * order.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import { isOperatorOrigin } from "../base/operator_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Says that one node banned an address in a jail. */
export interface BanReport {
  /** The node whose fail2ban decided. */
  readonly origin: HostName;
  /**
   * When the node first reported it, in milliseconds since 1970 by the
   * publisher's clock.
   */
  readonly firstMs: number;
  /** When the node last reported it, by the same clock. */
  readonly lastMs: number;
  /**
   * When the report ends, in milliseconds since 1970 by the clock of the table
   * that holds it; `Infinity`: never.
   */
  readonly expiresMs: number;
}

/** Identifies a ban. */
export interface BanKey {
  /** The jail that decided. */
  readonly jail: JailName;
  /** The banned address or prefix. */
  readonly address: Address;
}

/** A ban. Never changed in place. */
export interface Ban extends BanKey {
  /** In the order in which the nodes reported them; at least one. */
  readonly reports: readonly BanReport[];
  /** Sequence number of the last change to the ban. */
  readonly seq: number;
  /** Whether the ban is not in force yet, because too few nodes reported it. */
  readonly isPending: boolean;
}

/** A decision of the publisher about a ban. */
export type Change =
  /** A node reports the ban, for the first time or again. */
  | (ChangeBase & {
    readonly kind: "report";
    readonly origin: HostName;
    readonly expiresMs: number;
    /** Whether the ban is not in force yet. */
    readonly isPending: boolean;
  })
  /** A node withdraws its report. */
  | (ChangeBase & { readonly kind: "withdraw"; readonly origin: HostName })
  /**
   * A node or operator with that right lifts the ban, including the reports of
   * other nodes.
   */
  | (ChangeBase & { readonly kind: "lift"; readonly by: HostName });

/** Members of every change. */
export interface ChangeBase extends BanKey {
  /** Sequence number within the epoch: from 1, without gaps. */
  readonly seq: number;
  /** When the publisher decided, in milliseconds since 1970 by its clock. */
  readonly atMs: number;
}

/** A change without its sequence number. */
export type ChangeDraft = Change extends infer C
  ? C extends Change ? Omit<C, "seq"> : never
  : never;

/** Key of a ban in maps. Unambiguous, since jail names contain no `|`. */
export function keyOf({ jail, address }: BanKey): string {
  return `${jail}|${address}`;
}

/**
 * Whether an operator lifted a ban: reports from before the lift must not bring
 * it back.
 */
export function isOperatorsLift(change: Change): boolean {
  return change.kind === "lift" && isOperatorOrigin(change.by);
}
