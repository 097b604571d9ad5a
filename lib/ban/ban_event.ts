/**
 * What the cluster is about: a node banned or unbanned an address in a jail.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** What happened to the address. */
export type BanKind = "ban" | "unban";

/** One node's word that it banned or unbanned an address in a jail. */
export interface BanEvent {
  /** What happened. */
  readonly kind: BanKind;
  /** The node whose fail2ban decided. */
  readonly origin: HostName;
  /** The jail that decided. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
}

/** What is told of a ban or unban, with its end where somebody knows it. */
export type BanUpdate = BanEvent & {
  /**
   * When the ban ends, in milliseconds since 1970 by this host's clock;
   * `Infinity`: never; absent: nobody said, so that `bantime` holds.
   */
  readonly expiresMs?: number;
};
