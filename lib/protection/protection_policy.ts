/**
 * Decides which addresses are never banned, whoever asks. All programs use
 * these rules.
 *
 * @see {@link https://www.iana.org/assignments/iana-ipv4-special-registry | IANA IPv4 special-purpose registry}
 * @see {@link https://www.iana.org/assignments/iana-ipv6-special-registry | IANA IPv6 special-purpose registry}
 * @module
 */

import { type Address, isIpv4Address } from "../base/address.ts";
import {
  type AddressSpan,
  type Ipv4Range,
  ipv4Range,
} from "../base/address_span.ts";
import { judgedSpans } from "../base/embedded_ipv4.ts";
import { NetworkSet } from "../base/network_set.ts";

/** Why an address is protected. */
export type ProtectionRule =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "multicast"
  | "broadcast"
  | "mapped"
  | "own-address"
  | "gateway"
  | "resolver"
  | "member"
  | "ignoreip"
  | "allowlist"
  | "private"
  | "too-wide";

/** Why a ban is refused. */
export interface Refusal {
  /** The rule that refuses. */
  readonly rule: ProtectionRule;
  /** The protected network, or the narrowest prefix that is allowed. */
  readonly because: string;
}

/** Networks that one rule protects. */
export interface GuardedNetworks {
  /** The rule that refuses what overlaps them. */
  readonly rule: ProtectionRule;
  /** The protected networks. */
  readonly networks: NetworkSet;
}

/** The rules of one node. */
export interface ProtectionPolicy {
  /** IPv4 prefixes shorter than this are refused, in bits. */
  readonly minPrefix4Bits: number;
  /** IPv6 prefixes shorter than this are refused, in bits. */
  readonly minPrefix6Bits: number;
  /** Whether private addresses may be banned. @default {false} */
  readonly allowPrivate?: boolean;
  /**
   * Further protected networks of this node; the first rule that refuses is
   * reported. The array never changes: a change comes as a new array.
   * @default {[]}
   */
  readonly guarded?: readonly GuardedNetworks[];
}

/** Gives the current rules, which change with the host's addresses. */
export type CurrentPolicy = () => ProtectionPolicy;

const SPECIAL_NETWORKS: readonly GuardedNetworks[] = ([
  ["unspecified", "0.0.0.0/8", "::"],
  ["loopback", "127.0.0.0/8", "::1"],
  ["link-local", "169.254.0.0/16", "fe80::/10"],
  ["multicast", "224.0.0.0/4", "ff00::/8"],
  ["broadcast", "255.255.255.255"],
  // Nobody writes such an address, but a prefix around it would contain all of
  // IPv4.
  ["mapped", "::ffff:0:0/96"],
] as const).map(([rule, ...texts]) => guard(rule, texts));

/**
 * Private addresses: every site uses the same ones, so they mean a different
 * host at each node.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1918 | RFC 1918},
 * {@link https://www.rfc-editor.org/rfc/rfc6598 | RFC 6598} and
 * {@link https://www.rfc-editor.org/rfc/rfc4193 | RFC 4193}
 */
const PRIVATE_NETWORKS: readonly GuardedNetworks[] = [
  guard("private", [
    "10.0.0.0/8",
    "100.64.0.0/10",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
  ]),
];

/**
 * Checks whether an address may be banned. An IPv6 address that embeds an IPv4
 * address is judged by that address too.
 *
 * @param address The address or prefix that a ban would name.
 * @param policy The rules.
 * @returns The refusal, or `undefined` when the ban is allowed.
 *
 * @example
 * ```ts
 * import { refusal } from "./protection_policy.ts";
 * import { parseAddress } from "../base/address.ts";
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
  if (isIpv4Address(address)) {
    const range = ipv4Range(address);
    if (isClear(range, policy)) return undefined;
    return refusalOf(
      { isIpv4: true, prefixBits: range.prefixBits },
      policy,
      (networks) => networks.overlappingIpv4(range),
    );
  }
  for (const span of judgedSpans(address)) {
    const refused = refusalOf(
      span,
      policy,
      (networks) => networks.overlapping(span),
    );
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** Whether a range overlaps a protected network. */
type Meeting = (range: Ipv4Range) => boolean;

/**
 * Tests by array of guarded networks: a caller that changes only the other
 * rules must not sort all networks again for each address.
 */
const MEETINGS = {
  withPrivate: new WeakMap<readonly GuardedNetworks[], Meeting>(),
  withoutPrivate: new WeakMap<readonly GuardedNetworks[], Meeting>(),
} as const;

const NONE_GUARDED: readonly GuardedNetworks[] = [];

/** Nearly all ranges are clear, and a start judges up to a million bans. */
function isClear(range: Ipv4Range, policy: ProtectionPolicy): boolean {
  if (range.prefixBits < policy.minPrefix4Bits) return false;
  const { allowPrivate = false, guarded = NONE_GUARDED } = policy;
  const meetings = MEETINGS[allowPrivate ? "withoutPrivate" : "withPrivate"];
  let meets = meetings.get(guarded);
  if (meets === undefined) {
    const guards = [
      ...[...SPECIAL_NETWORKS, ...guarded],
      ...allowPrivate ? [] : PRIVATE_NETWORKS,
    ];
    meets = NetworkSet.ipv4Test(guards.map(({ networks }) => networks));
    meetings.set(guarded, meets);
  }
  return !meets(range);
}

/** The label of an overlapping network; `undefined` when none overlaps. */
type Meets = (networks: NetworkSet) => string | undefined;

function refusalOf(
  { isIpv4, prefixBits }: Pick<AddressSpan, "isIpv4" | "prefixBits">,
  policy: ProtectionPolicy,
  meets: Meets,
): Refusal | undefined {
  const { allowPrivate = false, guarded = NONE_GUARDED } = policy;
  const refused = hit(SPECIAL_NETWORKS, meets) ?? hit(guarded, meets);
  if (refused !== undefined) return refused;
  const floorBits = isIpv4 ? policy.minPrefix4Bits : policy.minPrefix6Bits;
  if (prefixBits < floorBits) {
    return { rule: "too-wide", because: `/${floorBits}` };
  }
  return allowPrivate ? undefined : hit(PRIVATE_NETWORKS, meets);
}

function hit(
  guards: readonly GuardedNetworks[],
  meets: Meets,
): Refusal | undefined {
  for (const { rule, networks } of guards) {
    const because = meets(networks);
    if (because !== undefined) return { rule, because };
  }
  return undefined;
}

function guard(
  rule: ProtectionRule,
  texts: readonly string[],
): GuardedNetworks {
  const networks = texts.map((label) => ({ network: label as Address, label }));
  return { rule, networks: new NetworkSet(networks) };
}
