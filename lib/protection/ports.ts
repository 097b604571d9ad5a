/**
 * The ports to a host's network settings and name resolver.
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
   * Reads the current settings. May be called repeatedly; an unknown setting is
   * no error.
   */
  read(): Promise<HostNetwork>;
}

/** Looks up host names. */
export interface HostResolver {
  /**
   * Looks up a host like any program of this host. Lookups may run
   * concurrently.
   *
   * @param name The host's name.
   * @param signal Ends the wait; the promise then rejects at once with its
   * reason.
   * @returns Its addresses, at least one.
   * @throws {RuntimeError} with the reason, when the lookup fails or finds no
   * address.
   */
  resolve(name: HostName, signal: AbortSignal): Promise<readonly Address[]>;
}
