/**
 * A ban of the cluster: what the reports of nodes add up to.
 *
 * A report is one node's word; a ban stands as long as one report of it does.
 * The table of bans is replicated: the publisher decides, numbers what it
 * decided, and every copy takes the same changes in the same order.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** One node's word that an address is banned in a jail. */
export interface BanReport {
  /** The node whose fail2ban decided. */
  readonly origin: HostName;
  /** When the node said so first, in milliseconds since 1970 by the publisher's clock. */
  readonly firstMs: number;
  /** When the node said so last, likewise. */
  readonly lastMs: number;
  /** When the report ends, in milliseconds since 1970 by the clock of whoever holds it; `Infinity`: never. */
  readonly expiresMs: number;
}

/** What names a ban. */
export interface BanKey {
  /** The jail that decided. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
}

/** A ban. Never changed in place. */
export interface Ban extends BanKey {
  /** In the order in which the nodes came; one at least. */
  readonly reports: readonly BanReport[];
  /** The number of the last change that concerned it. */
  readonly seq: number;
  /** Whether it does not count yet, since too few nodes reported it. */
  readonly isPending: boolean;
}

/** What happened to a ban, as the publisher decided it. */
export type Change =
  /** A node reports, for the first time or once more. */
  | (ChangeBase & {
    readonly kind: "report";
    readonly origin: HostName;
    readonly expiresMs: number;
    /** Whether the ban does not count yet. */
    readonly isPending: boolean;
  })
  /** A node takes its report back. */
  | (ChangeBase & { readonly kind: "withdraw"; readonly origin: HostName })
  /** Somebody who may lifts the ban, whoever reported it. */
  | (ChangeBase & { readonly kind: "lift"; readonly by: HostName });

/** What every change has. */
export interface ChangeBase extends BanKey {
  /** Counts the changes of one epoch, without a gap, from 1. */
  readonly seq: number;
  /** When it was decided, in milliseconds since 1970 by the publisher's clock. */
  readonly atMs: number;
}

/** A change that has no number yet. */
export type ChangeDraft = Change extends infer C
  ? C extends Change ? Omit<C, "seq"> : never
  : never;

/** Names a ban in maps: no jail has a bar in its name. */
export function keyOf({ jail, address }: BanKey): string {
  return `${jail}|${address}`;
}
