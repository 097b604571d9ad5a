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
 * Why a node no longer has a ban. `lifted`: somebody lifted it by hand before
 * its end. `ended`: it expired, or the reason is unknown.
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

/** A ban or unban to act on, with its end if known. */
export type BanUpdate = BanEvent & {
  /**
   * When the ban ends, in milliseconds since 1970 by the subscriber's
   * `SteadyClock`; `Infinity`: never; absent: unknown, so that `bantime`
   * applies.
   */
  readonly expiresMs?: number;
  /** Sequence number of the change that caused it; absent: unknown. */
  readonly change?: number;
};
