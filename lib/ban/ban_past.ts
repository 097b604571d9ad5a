/**
 * Reconstructs the past bans of an address in a jail from their changes.
 *
 * @module
 */

import type { Ban, Change } from "./ban.ts";
import { evolve, withoutExpired } from "./ban_decision.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/**
 * How a ban ended: it expired, its last report was withdrawn, or it was lifted.
 */
export type PastEnd = "expiry" | "withdraw" | "lift";

/** A ban that has ended. */
export interface PastBan {
  readonly jail: JailName;
  /** When it began, by the clock of the changes, in milliseconds since 1970. */
  readonly beganMs: number;
  /** When it ended, by the same clock. */
  readonly endedMs: number;
  readonly end: PastEnd;
  /**
   * The node or operator that withdrew or lifted it; `undefined`: it expired.
   */
  readonly by: HostName | undefined;
  /** The nodes that reported it. */
  readonly origins: readonly HostName[];
}

interface Standing {
  readonly ban: Ban;
  readonly beganMs: number;
  readonly origins: ReadonlySet<HostName>;
}

/**
 * Replays the changes of one ban.
 *
 * @param changes In order; earlier ones may have been pruned.
 * @param nowMs Milliseconds since 1970, by their clock.
 * @returns The bans that have ended, oldest first.
 *
 * @example
 * ```ts
 * import { pastBans } from "./ban_past.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [origin, jail, address] = [
 *   parseHostName("web1"),
 *   parseJailName("sshd"),
 *   parseAddress("192.0.2.1"),
 * ];
 * ok(origin && jail && address);
 * const report = { kind: "report", seq: 1, atMs: 0, jail, address, origin } as const;
 * const [past] = pastBans([{ ...report, expiresMs: 60_000, isPending: false }], 90_000);
 * strictEqual(past?.end, "expiry");
 * strictEqual(past.endedMs, 60_000);
 * ```
 */
export function pastBans(
  changes: readonly Change[],
  nowMs: number,
): readonly PastBan[] {
  const past: PastBan[] = [];
  let standing: Standing | undefined;
  const expire = (atMs: number) => {
    if (standing === undefined) return;
    const ban = withoutExpired(standing.ban, atMs);
    if (ban === undefined) {
      past.push(ended(standing, lastEndMs(standing.ban), "expiry"));
    }
    standing = ban && { ...standing, ban };
  };
  for (const change of changes) {
    expire(change.atMs);
    const ban = evolve(standing?.ban, change);
    if (ban !== undefined) {
      standing = {
        ban,
        beganMs: standing?.beganMs ?? change.atMs,
        origins: new Set([
          ...standing?.origins ?? [],
          ...ban.reports.map(({ origin }) => origin),
        ]),
      };
    } else if (standing !== undefined) {
      past.push(endedBy(standing, change));
      standing = undefined;
    }
  }
  expire(nowMs);
  return past;
}

function endedBy(standing: Standing, change: Change): PastBan {
  switch (change.kind) {
    case "withdraw":
      return ended(standing, change.atMs, "withdraw", change.origin);
    case "lift":
      return ended(standing, change.atMs, "lift", change.by);
    case "report":
      throw new TypeError("Cannot end a ban by a report");
  }
}

function ended(
  { ban: { jail }, beganMs, origins }: Standing,
  endedMs: number,
  end: PastEnd,
  by?: HostName,
): PastBan {
  return { jail, beganMs, endedMs, end, by, origins: [...origins] };
}

function lastEndMs({ reports }: Ban): number {
  return Math.max(...reports.map(({ expiresMs }) => expiresMs));
}
