/**
 * Counts bans by jail as they change.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { BanCount } from "../ban/table_columns.ts";
import { isIpv4Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";

/** Bans of a jail. */
export interface JailCount {
  /** In force, of IPv4. */
  ipv4: number;
  /** In force, of IPv6. */
  ipv6: number;
  /** Waiting for their quorum. */
  pending: number;
}

/** Counts the bans that it is informed of. */
export class JailCounts {
  readonly #jails = new Map<JailName, JailCount>();

  /** Sets the counts at the start. */
  begin(counts: readonly BanCount[]): void {
    for (const { jail, isIpv4, isPending, bans } of counts) {
      this.#add(jail, isPending, isIpv4, bans);
    }
  }

  /** Counts the change of a ban. */
  note({ before, after }: BanStep): void {
    if (before !== undefined) this.#count(before, -1);
    if (after !== undefined) this.#count(after, 1);
  }

  /** The jails with the most bans, and the sum of all others. */
  entries(
    max: number,
  ): readonly (readonly [JailName | undefined, JailCount])[] {
    const all = [...this.#jails].sort(([, left], [, right]) =>
      sumOf(right) - sumOf(left)
    );
    if (all.length <= max) return all;
    const rest: JailCount = { ipv4: 0, ipv6: 0, pending: 0 };
    for (const [, { ipv4, ipv6, pending }] of all.slice(max)) {
      rest.ipv4 += ipv4;
      rest.ipv6 += ipv6;
      rest.pending += pending;
    }
    return [...all.slice(0, max), [undefined, rest]];
  }

  #count({ jail, address, isPending }: Ban, by: 1 | -1): void {
    this.#add(jail, isPending, isIpv4Address(address), by);
  }

  #add(jail: JailName, isPending: boolean, isIpv4: boolean, by: number): void {
    const count = this.#jails.get(jail) ?? { ipv4: 0, ipv6: 0, pending: 0 };
    if (isPending) count.pending += by;
    else if (isIpv4) count.ipv4 += by;
    else count.ipv6 += by;
    if (sumOf(count) === 0) this.#jails.delete(jail);
    else this.#jails.set(jail, count);
  }
}

function sumOf({ ipv4, ipv6, pending }: JailCount): number {
  return ipv4 + ipv6 + pending;
}
