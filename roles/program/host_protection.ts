/**
 * Who is never banned, for every role alike.
 *
 * @module
 */

import type { Role } from "../../lib/config/config.ts";
import { DnsResolver } from "../../lib/protection/io/dns_resolver.ts";
import { SystemHostNetwork } from "../../lib/protection/io/host_network.ts";
import { ProtectionWatch } from "../../lib/protection/protection_watch.ts";
import type { RoleContext } from "./invocation.ts";

/**
 * Begins to watch what is protected; complete once it resolves, but for names
 * that have no answer.
 *
 * @param context What the role has to work with.
 */
export async function watchProtection<R extends Role>(
  context: RoleContext<R>,
): Promise<ProtectionWatch> {
  const { config, clock, log, signal } = context;
  return await ProtectionWatch.begin({
    rules: config.general,
    host: new SystemHostNetwork(),
    resolver: new DnsResolver(),
    clock,
    log,
  }, signal);
}
