/**
 * Which addresses are never banned, whoever says so. All roles ask here.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry | IANA IPv4 special-purpose registry}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry | IANA IPv6 special-purpose registry}
 * @module
 */

import { type Address, type AddressParts, addressParts } from "./address.ts";

/** Why an address is protected. */
export type ProtectionRule =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "multicast"
  | "broadcast"
  | "too-wide";

/** What a refused ban is told. */
export interface Refusal {
  /** The rule that refuses. */
  readonly rule: ProtectionRule;
  /** The protected network, or the narrowest prefix that is allowed. */
  readonly because: string;
}

/** The rules of one node. */
export interface ProtectionPolicy {
  /** IPv4 prefixes shorter than this are refused, in bits. */
  readonly minPrefix4Bits: number;
  /** IPv6 prefixes shorter than this are refused, in bits. */
  readonly minPrefix6Bits: number;
}

interface ProtectedNetwork {
  readonly rule: ProtectionRule;
  readonly text: string;
  readonly parts: AddressParts;
}

const SPECIAL_NETWORKS: readonly ProtectedNetwork[] = ([
  ["unspecified", "0.0.0.0/8"],
  ["loopback", "127.0.0.0/8"],
  ["link-local", "169.254.0.0/16"],
  ["multicast", "224.0.0.0/4"],
  ["broadcast", "255.255.255.255"],
  ["unspecified", "::"],
  ["loopback", "::1"],
  ["link-local", "fe80::/10"],
  ["multicast", "ff00::/8"],
] as const).map(([rule, text]) => ({
  rule,
  text,
  parts: addressParts(text as Address),
}));

/**
 * Says whether an address may be banned at all.
 *
 * @param address Whom a ban would concern.
 * @param policy The rules.
 * @returns The refusal, or `undefined` when nothing speaks against the ban.
 *
 * @example
 * ```ts
 * import { refusal } from "./protection.ts";
 * import { parseAddress } from "./address.ts";
 * import { deepStrictEqual, strictEqual, ok } from "node:assert/strict";
 *
 * const policy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
 * const loopback = parseAddress("127.0.0.53");
 * const attacker = parseAddress("192.0.2.1");
 * ok(loopback && attacker);
 * deepStrictEqual(refusal(loopback, policy), { rule: "loopback", because: "127.0.0.0/8" });
 * strictEqual(refusal(attacker, policy), undefined);
 * ```
 */
export function refusal(
  address: Address,
  policy: ProtectionPolicy,
): Refusal | undefined {
  const parts = addressParts(address);
  for (const network of SPECIAL_NETWORKS) {
    if (overlap(parts, network.parts)) {
      return { rule: network.rule, because: network.text };
    }
  }
  const floorBits = parts.base.kind() === "ipv4"
    ? policy.minPrefix4Bits
    : policy.minPrefix6Bits;
  return parts.prefixBits < floorBits
    ? { rule: "too-wide", because: `/${floorBits}` }
    : undefined;
}

/** Two prefixes overlap when the shorter one holds the other. */
function overlap(left: AddressParts, right: AddressParts): boolean {
  if (left.base.kind() !== right.base.kind()) return false;
  const bits = Math.min(left.prefixBits, right.prefixBits);
  return sameBits(left.base.toByteArray(), right.base.toByteArray(), bits);
}

function sameBits(
  left: readonly number[],
  right: readonly number[],
  bits: number,
): boolean {
  const wholeBytes = bits >> 3;
  for (let index = 0; index < wholeBytes; index++) {
    if (left[index] !== right[index]) return false;
  }
  const restBits = bits & 7;
  if (restBits === 0) return true;
  const mask = (0xff << (8 - restBits)) & 0xff;
  return ((left[wholeBytes] ?? 0) & mask) === ((right[wholeBytes] ?? 0) & mask);
}
