/**
 * Knows which addresses of each network are banned, and until when.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanStep } from "../ban/ban_table.ts";
import { type Address, isIpv4Address, networkAround } from "../base/address.ts";
import { judgedSpans } from "../base/embedded_ipv4.ts";
import type { JailName } from "../base/jail_name.ts";
import {
  GROWN_ORIGIN,
  isNodeOrigin,
  isReservedJail,
} from "../base/operator_name.ts";
import { OrderedEnds } from "./ordered_ends.ts";
import type { WideningOf } from "./widen_rules.ts";

/** A banned address of a network. */
interface NetworkMember {
  readonly address: Address;
  readonly endMs: number;
}

/** Several members of a network. */
class MemberGroup {
  readonly addresses = new Set<Address>();
  readonly ends = new OrderedEnds();

  add({ address, endMs }: NetworkMember): void {
    this.addresses.add(address);
    this.ends.add(endMs);
  }

  delete({ address, endMs }: NetworkMember): void {
    if (this.addresses.delete(address)) this.ends.delete(endMs);
  }
}

/**
 * Counts the banned addresses of networks, separately for each jail. Bans count
 * that are in force, reported by nodes, and narrower than the network. An IPv6
 * address that embeds an IPv4 one does not count: its neighbours are unrelated.
 *
 * @example
 * ```ts
 * import { NetworkMembers } from "./network_members.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [origin, jail, address, network] = [
 *   parseHostName("web1"),
 *   parseJailName("sshd"),
 *   parseAddress("2001:db8::1"),
 *   parseAddress("2001:db8::/64"),
 * ];
 * ok(origin && jail && address && network);
 * const members = new NetworkMembers(() => ({ bits: 64, after: 1 }));
 * const report = { origin, firstMs: 0, lastMs: 0, expiresMs: 60_000 };
 * const after = { jail, address, reports: [report], seq: 1, isPending: false };
 * strictEqual(members.apply({ before: undefined, after }), network);
 * strictEqual(members.endMs({ jail, address: network }, 1), 60_000);
 * ```
 */
export class NetworkMembers {
  readonly #wideningOf: WideningOf;
  /** By jail, then by network; most networks have one member. */
  readonly #jails = new Map<
    JailName,
    Map<Address, NetworkMember | MemberGroup>
  >();

  /** @param wideningOf The rules. */
  constructor(wideningOf: WideningOf) {
    this.#wideningOf = wideningOf;
  }

  /**
   * Handles a change of a ban.
   *
   * @returns The network that the ban is or was a member of; `undefined`: none.
   */
  apply({ before, after }: BanStep): Address | undefined {
    const ban = after ?? before;
    const network = ban === undefined ? undefined : this.#networkOf(ban);
    if (ban === undefined || network === undefined) return undefined;
    const [was, is] = [memberOf(before), memberOf(after)];
    const key = { jail: ban.jail, address: network };
    if (was?.endMs !== is?.endMs) {
      if (was !== undefined) this.#delete(key, was);
      if (is !== undefined) this.#add(key, is);
    }
    return was === undefined && is === undefined ? undefined : network;
  }

  /** Number of banned addresses of a network. */
  count(network: BanKey): number {
    const found = this.#find(network);
    if (found === undefined) return 0;
    return found instanceof MemberGroup ? found.addresses.size : 1;
  }

  /**
   * Until when at least `after` addresses of a network are banned.
   *
   * @returns Milliseconds since 1970; `undefined`: there are fewer.
   */
  endMs(network: BanKey, after: number): number | undefined {
    const found = this.#find(network);
    if (found instanceof MemberGroup) return found.ends.latest(after);
    return after === 1 ? found?.endMs : undefined;
  }

  /** The banned addresses of a network. */
  of(network: BanKey): Iterable<Address> {
    const found = this.#find(network);
    if (found === undefined) return [];
    return found instanceof MemberGroup ? found.addresses : [found.address];
  }

  #networkOf({ jail, address }: Ban): Address | undefined {
    // Operators and lists name exactly what they mean to ban.
    if (isReservedJail(jail)) return undefined;
    const widening = this.#wideningOf(jail, isIpv4Address(address));
    if (widening === undefined) return undefined;
    const network = networkAround(address, widening.bits);
    return network !== undefined && judgedSpans(address).length === 1
      ? network
      : undefined;
  }

  #find({ jail, address }: BanKey): NetworkMember | MemberGroup | undefined {
    return this.#jails.get(jail)?.get(address);
  }

  #add({ jail, address }: BanKey, member: NetworkMember): void {
    const networks = this.#jails.get(jail) ?? new Map();
    this.#jails.set(jail, networks);
    const found = networks.get(address);
    if (found instanceof MemberGroup) found.add(member);
    else if (found === undefined) networks.set(address, member);
    else {
      const group = new MemberGroup();
      group.add(found);
      group.add(member);
      networks.set(address, group);
    }
  }

  #delete({ jail, address }: BanKey, member: NetworkMember): void {
    const networks = this.#jails.get(jail);
    const found = networks?.get(address);
    if (found instanceof MemberGroup) {
      found.delete(member);
      if (found.addresses.size > 0) return;
    } else if (found?.address !== member.address) return;
    networks?.delete(address);
    if (networks?.size === 0) this.#jails.delete(jail);
  }
}

/** A ban as a member; `undefined`: it does not count. */
function memberOf(ban: Ban | undefined): NetworkMember | undefined {
  if (ban === undefined || ban.isPending) return undefined;
  let endMs = -Infinity;
  for (const { origin, expiresMs } of ban.reports) {
    if (!isNodeOrigin(origin) && origin !== GROWN_ORIGIN) continue;
    endMs = Math.max(endMs, expiresMs);
  }
  return endMs === -Infinity ? undefined : { address: ban.address, endMs };
}
