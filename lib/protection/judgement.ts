/**
 * How a program would judge a ban, in a form in which two programs compare it.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type ProtectionPolicy, refusal } from "./protection_policy.ts";

/** By which rules a program judges a ban. */
export interface Judgement {
  /** The rule that refuses the address, as `rule: network`; empty: none does. */
  readonly refused: string;
  /** Names the allowlist that it goes by. */
  readonly revision: number;
  /** The widest IPv4 prefix that it takes, in bits. */
  readonly minPrefix4: number;
  /** The widest IPv6 prefix that it takes, in bits. */
  readonly minPrefix6: number;
  /** Whether it takes private addresses. */
  readonly allowPrivate: boolean;
}

/**
 * Judges an address.
 *
 * @param policy The rules that hold now.
 * @param revision Names the allowlist among them.
 */
export function judgementOf(
  address: Address,
  policy: ProtectionPolicy,
  revision: number,
): Judgement {
  const refused = refusal(address, policy);
  return {
    refused: refused === undefined ? "" : `${refused.rule}: ${refused.because}`,
    revision,
    minPrefix4: policy.minPrefix4Bits,
    minPrefix6: policy.minPrefix6Bits,
    allowPrivate: policy.allowPrivate ?? false,
  };
}
