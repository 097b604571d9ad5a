/**
 * Looks up host names like every program of this host: in `/etc/hosts`, then
 * DNS, or as `/etc/nsswitch.conf` says.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import type { Address } from "../../base/address.ts";
import { RuntimeError } from "../../base/errors.ts";
import type { HostName } from "../../base/host_name.ts";
import { singleAddress } from "../proc_net.ts";
import type { HostResolver } from "../ports.ts";

/** Looks up all addresses of a host, as text. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** A {@link HostResolver} over the system's `getaddrinfo`. */
export class DnsResolver implements HostResolver {
  readonly #lookup: Lookup;

  /** @param lookup Calls the system's resolver. */
  constructor(lookup: Lookup = systemLookup) {
    this.#lookup = lookup;
  }

  async resolve(
    name: HostName,
    signal: AbortSignal,
  ): Promise<readonly Address[]> {
    signal.throwIfAborted();
    // getaddrinfo can't be cancelled: a call that is still running ends by
    // itself.
    const ended = Promise.withResolvers<never>();
    const end = () => ended.reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    try {
      return await Promise.race([this.#ask(name), ended.promise]);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  async #ask(name: HostName): Promise<readonly Address[]> {
    const texts = await this.#lookup(name).catch((cause) => {
      throw new RuntimeError(`${name} can't be looked up: ${reasonOf(cause)}`, {
        cause,
      });
    });
    const addresses = texts.flatMap((text) => singleAddress(text) ?? []);
    if (addresses.length > 0) return [...new Set(addresses)];
    throw new RuntimeError(`${name} has no address`);
  }
}

async function systemLookup(name: string): Promise<readonly string[]> {
  const found = await lookup(name, { all: true });
  return found.map(({ address }) => address);
}

/** The resolver's error code, such as `ENOTFOUND`, if there is one. */
function reasonOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause
    ? String(cause.code)
    : String(cause);
}
