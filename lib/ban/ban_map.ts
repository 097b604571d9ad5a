/**
 * Maps bans to values.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey } from "./ban.ts";
import type { JailName } from "../base/jail_name.ts";

/**
 * A map whose keys are bans, nested by jail and address: joined keys for a
 * million bans would take as much memory as the rest, and time to make.
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
  /**
   * The jail of the last lookup and its values: mostly there is only one jail.
   */
  #lastJail: JailName | undefined;
  #lastValues: Map<Address, T> | undefined;
  #size = 0;

  /** Number of entries. */
  get size(): number {
    return this.#size;
  }

  /** The value of a ban; `undefined`: it has none. */
  get({ jail, address }: BanKey): T | undefined {
    return this.#valuesOf(jail)?.get(address);
  }

  /** Whether a ban has a value. */
  has({ jail, address }: BanKey): boolean {
    return this.#valuesOf(jail)?.has(address) ?? false;
  }

  /** Sets the value of a ban. */
  set({ jail, address }: BanKey, value: T): void {
    const values = this.#valuesOf(jail) ?? new Map<Address, T>();
    if (values.size === 0) this.#jails.set(jail, this.#lastValues = values);
    const before = values.size;
    values.set(address, value);
    this.#size += values.size - before;
  }

  /** Removes the value of a ban. @returns Whether it had one. */
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

  /** All values; the map may change meanwhile, as a `Map` may. */
  *values(): Generator<T, void, undefined> {
    for (const values of this.#jails.values()) yield* values.values();
  }
}
