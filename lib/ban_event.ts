/**
 * What the cluster is about: a node banned or unbanned an address in a jail.
 *
 * @module
 */

import type { Address } from "./address.ts";
import type { HostName } from "./host_name.ts";
import type { JailName } from "./jail_name.ts";

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
