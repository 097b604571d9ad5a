/**
 * How a program judges a ban, in a form that two programs can compare.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type ProtectionPolicy, refusal } from "./protection_policy.ts";

/** A program's verdict on an address, and its rules. */
export interface Judgement {
  /**
   * The rule that refuses the address, as `rule: network`; empty when none
   * does.
   */
  readonly refused: string;
  /** Revision of the program's allowlist. */
  readonly revision: number;
  /** Shortest IPv4 prefix that it accepts, in bits. */
  readonly minPrefix4: number;
  /** Shortest IPv6 prefix that it accepts, in bits. */
  readonly minPrefix6: number;
  /** Whether it accepts private addresses. */
  readonly allowPrivate: boolean;
}

/**
 * Judges an address.
 *
 * @param policy The current rules.
 * @param revision Revision of the allowlist in these rules.
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
