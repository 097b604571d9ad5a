/**
 * The ports of a host's knowledge of its network.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";

/** The addresses in a host's network settings. */
export interface HostNetwork {
  /** Addresses of its interfaces; `undefined`: unknown. */
  readonly own: readonly Address[] | undefined;
  /** Gateways of its default routes; `undefined`: unknown. */
  readonly gateways: readonly Address[] | undefined;
  /** Its name servers; `undefined`: unknown. */
  readonly resolvers: readonly Address[] | undefined;
  /** Why something is unknown, one sentence each. */
  readonly problems: readonly string[];
}

/** Reads this host's network settings. */
export interface HostNetworkSource {
  /**
   * Reads the current settings. May be called repeatedly; what is unknown is no
   * error.
   */
  read(): Promise<HostNetwork>;
}

/** Looks up host names. */
export interface HostResolver {
  /**
   * Looks a host up, as the programs of this host do. Any number of lookups may
   * run at once.
   *
   * @param name The host's name.
   * @param signal Ends the wait; the promise then rejects with its reason at once.
   * @returns Its addresses, at least one. Without any, or when the lookup
   * fails, it rejects with a RuntimeError that says why.
   */
  resolve(name: HostName, signal: AbortSignal): Promise<readonly Address[]>;
}
