/**
 * Short constructors for bans, changes and events.
 *
 * @module
 */

import type { Ban, BanKey, Change } from "../../../lib/ban/ban.ts";
import type { TableEvent } from "../../../lib/ban/ban_decision.ts";
import { address, host, jail } from "./core_values.ts";

/** The key of a ban of `192.0.2.x` in jail sshd. */
export function key(last = 1): BanKey {
  return { jail: jail("sshd"), address: address(`192.0.2.${last}`) };
}

/** A ban reported by the named nodes, each until its time. */
export function banBy(
  ends: Readonly<Record<string, number>>,
  { last = 1, seq = 1, isPending = false } = {},
): Ban {
  const reports = Object.entries(ends).map(([name, expiresMs]) => ({
    origin: host(name),
    firstMs: 0,
    lastMs: 0,
    expiresMs,
  }));
  return { ...key(last), reports, seq, isPending };
}

/** A node's report. */
export function report(
  origin: string,
  expiresMs = Infinity,
  last = 1,
): TableEvent {
  return { kind: "report", ...key(last), origin: host(origin), expiresMs };
}

/** A node's withdrawal of its report. */
export function withdraw(origin: string, last = 1): TableEvent {
  return { kind: "withdraw", ...key(last), origin: host(origin) };
}

/** An operator's lift. */
export function lift(last = 1): TableEvent {
  return { kind: "lift", ...key(last), by: host("hub") };
}

/** The change of a report. */
export function reported(
  seq: number,
  origin = "web1",
  { last = 1, expiresMs = Infinity, atMs = 0, isPending = false } = {},
): Change {
  return {
    kind: "report",
    seq,
    atMs,
    ...key(last),
    origin: host(origin),
    expiresMs,
    isPending,
  };
}

/** The change of a withdrawal. */
export function withdrawn(seq: number, origin = "web1", last = 1): Change {
  return {
    kind: "withdraw",
    seq,
    atMs: 0,
    ...key(last),
    origin: host(origin),
  };
}

/** The change of a lift. */
export function lifted(seq: number, last = 1): Change {
  return { kind: "lift", seq, atMs: 0, ...key(last), by: host("hub") };
}
