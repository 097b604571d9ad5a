/**
 * The ports of what a host knows of its network.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";

/** What a host knows of its network now. */
export interface HostNetwork {
  /** Addresses of its interfaces; `undefined`: they can't be told. */
  readonly own: readonly Address[] | undefined;
  /** Where it sends what goes elsewhere; `undefined`: that can't be told. */
  readonly gateways: readonly Address[] | undefined;
  /** Whom it asks for names; `undefined`: that can't be told. */
  readonly resolvers: readonly Address[] | undefined;
  /** Why something can't be told, one sentence each. */
  readonly problems: readonly string[];
}

/** Looks at this host's network. */
export interface HostNetworkSource {
  /** Looks now. May be called again and again; what can't be told is no error. */
  read(): Promise<HostNetwork>;
}

/** Looks up hosts. */
export interface HostResolver {
  /**
   * Looks a host up now, as the programs of this host do. Any number may be
   * under way.
   *
   * @param name The host's name.
   * @param signal Ends the wait; the promise then rejects with its reason at once.
   * @returns Its addresses, one at least. When there are none, or nobody can
   * tell, it rejects with a RuntimeError that says why.
   */
  resolve(name: HostName, signal: AbortSignal): Promise<readonly Address[]>;
}
