/**
 * A node's own protection rules, joined with the cluster's allowlist.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type Allowlist, EMPTY_ALLOWLIST } from "./allowlist.ts";
import { type Judgement, judgementOf } from "./judgement.ts";
import { NetworkSet } from "../base/network_set.ts";
import type { CurrentPolicy, ProtectionPolicy } from "./protection_policy.ts";

/**
 * Joins the two. The allowlist never weakens the node's own rules, and a node's
 * configuration never removes anything from the list.
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
   * Starts with an empty allowlist.
   *
   * @param own Gives the node's own current rules.
   */
  constructor(own: CurrentPolicy) {
    this.#own = own;
  }

  /** The current allowlist. */
  get list(): Allowlist {
    return this.#list;
  }

  /** The current rules; the same object until they change. */
  get policy(): ProtectionPolicy {
    const own = this.#own();
    if (this.#joined?.of === own) return this.#joined.policy;
    const allowlist = { rule: "allowlist", networks: this.#networks } as const;
    const guarded = [...own.guarded ?? [], allowlist];
    const policy = { ...own, guarded };
    this.#joined = { of: own, policy };
    return policy;
  }

  /** How a ban of an address would be judged now. */
  judge(address: Address): Judgement {
    return judgementOf(address, this.policy, this.#list.revision);
  }

  /** Replaces the allowlist. */
  replace(list: Allowlist): void {
    this.#list = list;
    this.#networks = new NetworkSet(
      list.ignore.map((network) => ({ network, label: network })),
    );
    this.#joined = undefined;
  }

  /** Whether an address or prefix overlaps the allowlist. */
  covers(address: Address): boolean {
    return this.#list.ignore.length > 0 &&
      this.#networks.meeting(address) !== undefined;
  }
}
