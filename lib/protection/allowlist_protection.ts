/**
 * A node's rules of protection, and the fleet's allowlist beside them.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type Allowlist, EMPTY_ALLOWLIST } from "./allowlist.ts";
import { addressSpan, NetworkSet } from "../base/network_set.ts";
import type { CurrentPolicy, ProtectionPolicy } from "./protection_policy.ts";

/**
 * Joins the two. What the node protects by itself stays protected, whatever is
 * on the list; and no configuration of a node takes anything from the list.
 *
 * @example
 * ```ts
 * import { AllowlistProtection } from "./allowlist_protection.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { refusal } from "./protection_policy.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const address = parseAddress("192.0.2.1");
 * ok(address);
 * const allowlist = new AllowlistProtection(() => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }));
 * allowlist.replace({ revision: 1, ignore: [address] });
 * deepStrictEqual(refusal(address, allowlist.policy), { rule: "allowlist", because: "192.0.2.1" });
 * ```
 */
export class AllowlistProtection {
  readonly #own: CurrentPolicy;
  #list: Allowlist = EMPTY_ALLOWLIST;
  #networks = new NetworkSet([]);
  #joined:
    | { readonly of: ProtectionPolicy; readonly policy: ProtectionPolicy }
    | undefined;

  /**
   * Makes one with nobody on the list.
   *
   * @param own Gives the node's own rules that hold now.
   */
  constructor(own: CurrentPolicy) {
    this.#own = own;
  }

  /** The list that counts. */
  get list(): Allowlist {
    return this.#list;
  }

  /** The rules that hold now; the same object until they change. */
  get policy(): ProtectionPolicy {
    const own = this.#own();
    if (this.#joined?.of === own) return this.#joined.policy;
    const allowlist = { rule: "allowlist", networks: this.#networks } as const;
    const guarded = [...own.guarded ?? [], allowlist];
    const policy = { ...own, guarded };
    this.#joined = { of: own, policy };
    return policy;
  }

  /** Goes by another list. */
  replace(list: Allowlist): void {
    this.#list = list;
    this.#networks = new NetworkSet(
      list.ignore.map((network) => ({ network, label: network })),
    );
    this.#joined = undefined;
  }

  /** Whether an address or prefix overlaps what is on the list. */
  covers(address: Address): boolean {
    return this.#list.ignore.length > 0 &&
      this.#networks.overlapping(addressSpan(address)) !== undefined;
  }
}
