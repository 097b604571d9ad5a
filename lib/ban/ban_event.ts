/**
 * The event that the cluster shares: a node banned or unbanned an address in a
 * jail.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Whether it was banned or unbanned. */
export type BanKind = "ban" | "unban";

/**
 * Why a node has a ban no more. `lifted`: somebody lifted it by hand before its
 * end. `ended`: its time is over, or nobody knows.
 */
export type UnbanReason = "lifted" | "ended";

/** Says that one node banned or unbanned an address in a jail. */
export interface BanEvent {
  /** Whether it was banned or unbanned. */
  readonly kind: BanKind;
  /** The node whose fail2ban decided. */
  readonly origin: HostName;
  /** The jail that decided. */
  readonly jail: JailName;
  /** The address or prefix. */
  readonly address: Address;
}

/** A ban or unban to be acted on, with its end if that is known. */
export type BanUpdate = BanEvent & {
  /**
   * When the ban ends, in milliseconds since 1970 by the subscriber's one
   * `SteadyClock`; `Infinity`: never; absent: nobody said, so that `bantime`
   * holds.
   */
  readonly expiresMs?: number;
  /** The number of the change by which it is so; absent: nobody said. */
  readonly change?: number;
};
