/**
 * Things by the ban that they belong to.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey } from "./ban.ts";
import type { JailName } from "../base/jail_name.ts";

/**
 * A map whose keys are bans. By jail, then by address: a joined key for each of
 * a million bans would take as much memory as the rest, and time to make.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { CLUSTER_JAIL as jail } from "../base/jail_name.ts";
 * import { BanMap } from "./ban_map.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const address = parseAddress("192.0.2.1");
 * ok(address);
 * const map = new BanMap<number>();
 * map.set({ jail, address }, 7);
 * strictEqual(map.get({ jail, address }), 7);
 * strictEqual(map.size, 1);
 * ```
 */
export class BanMap<T> {
  readonly #jails = new Map<JailName, Map<Address, T>>();
  /** The jail that was asked about last, and what it has: mostly there is but one. */
  #lastJail: JailName | undefined;
  #lastValues: Map<Address, T> | undefined;
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** What belongs to a ban; `undefined`: nothing does. */
  get({ jail, address }: BanKey): T | undefined {
    return this.#valuesOf(jail)?.get(address);
  }

  /** Whether something belongs to a ban. */
  has({ jail, address }: BanKey): boolean {
    return this.#valuesOf(jail)?.has(address) ?? false;
  }

  /** Puts something in, instead of what belonged to the ban before. */
  set({ jail, address }: BanKey, value: T): void {
    const values = this.#valuesOf(jail) ?? new Map<Address, T>();
    if (values.size === 0) this.#jails.set(jail, this.#lastValues = values);
    const before = values.size;
    values.set(address, value);
    this.#size += values.size - before;
  }

  /** Takes out what belongs to a ban. @returns Whether something did. */
  delete({ jail, address }: BanKey): boolean {
    const values = this.#valuesOf(jail);
    if (values?.delete(address) !== true) return false;
    this.#size--;
    if (values.size > 0) return true;
    this.#jails.delete(jail);
    this.#lastValues = undefined;
    return true;
  }

  #valuesOf(jail: JailName): Map<Address, T> | undefined {
    if (jail !== this.#lastJail) {
      this.#lastJail = jail;
      this.#lastValues = this.#jails.get(jail);
    }
    return this.#lastValues;
  }

  /** All of them; they may change meanwhile, as in a `Map`. */
  *values(): Generator<T, void, undefined> {
    for (const values of this.#jails.values()) yield* values.values();
  }
}
