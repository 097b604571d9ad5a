/**
 * Decides whether protocol 1 is served. It is plain text, so operators may turn
 * it off.
 *
 * @module
 */

import { canonicalAddress } from "../base/address.ts";
import { endpointHost, isLoopbackUrl } from "../base/endpoint_url.ts";
import { refusal } from "../protection/protection_policy.ts";

/** `off`: not served; `readonly`: it announces bans, but takes no reports. */
export type LegacyMode = "on" | "off" | "readonly";

/**
 * Decides whether protocol 1 is served.
 *
 * @param configured The operator's choice; `undefined`: none.
 * @param members Number of members, which use protocol 2.
 */
export function legacyMode(
  configured: LegacyMode | undefined,
  members: number,
): LegacyMode {
  return configured ?? (members === 0 ? "on" : "off");
}

/**
 * Whether hosts outside this host and its private networks may reach a bound
 * address. Interfaces and `*` count as reachable, because their addresses are
 * unknown.
 *
 * @param url A URL from `parseEndpointUrl`.
 *
 * @example
 * ```ts
 * import { mayBePublic } from "./legacy.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const hosts = ["*", "203.0.113.5", "10.0.0.1", "127.0.0.1"];
 * const answers = hosts.map((host) => mayBePublic(`tcp://${host}:5678`));
 * deepStrictEqual(answers, [true, true, false, false]);
 * ```
 */
export function mayBePublic(url: string): boolean {
  if (isLoopbackUrl(url)) return false;
  const address = canonicalAddress(endpointHost(url) ?? "");
  if (address === undefined) return true;
  const rule = refusal(address, { minPrefix4Bits: 0, minPrefix6Bits: 0 })?.rule;
  return !["loopback", "link-local", "private"].some((it) => it === rule);
}

/** The URLs on which protocol 1 listens. */
export interface LegacyUrls {
  /** The URL to which monitors connect, for ZeroMQ. */
  readonly replyBindUrl: string;
  /** The URL to which subscribers connect, for ZeroMQ. */
  readonly broadcasterBindUrl: string;
}

/**
 * Warns of public addresses on which protocol 1 listens.
 *
 * @param mode Whether it is served.
 * @param urls The URLs on which it listens.
 * @returns One line for each address that may be public.
 */
export function legacyWarnings(
  mode: LegacyMode,
  { replyBindUrl, broadcasterBindUrl }: LegacyUrls,
): readonly string[] {
  if (mode === "off") return [];
  const what = [
    ["replybindurl", replyBindUrl, "tokens and reports"],
    ["broadcasterbindurl", broadcasterBindUrl, "all bans"],
  ] as const;
  return what.filter(([, url]) => mayBePublic(url)).map(([key, url, sent]) =>
    `publisher.${key} = ${url}: protocol 1 listens on an address that may be public, ` +
    `and ${sent} travel in the clear there, to be read and changed on the way: ` +
    "bind it to loopback, a private network or a tunnel, " +
    "or have the nodes join by protocol 2 and set publisher.legacy = off"
  );
}
