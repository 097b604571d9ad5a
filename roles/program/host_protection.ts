/**
 * The protection rules of this host, for every role.
 *
 * @module
 */

import type { Role } from "../../lib/config/config.ts";
import { DnsResolver } from "../../lib/protection/io/dns_resolver.ts";
import { SystemHostNetwork } from "../../lib/protection/io/host_network.ts";
import { ProtectionWatch } from "../../lib/protection/protection_watch.ts";
import type { RoleContext } from "./invocation.ts";

/**
 * Starts to watch the protected networks. Complete once it resolves, except for
 * names without an answer.
 *
 * @param context The role's context.
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
