/**
 * Converts times between a host's clock and the wire, which has spans.
 *
 * @module
 */

import type { Ban, BanReport, Change } from "../ban/ban.ts";
import { type BanBlockColumns, bansOf, columnsOf } from "../ban/ban_columns.ts";
import type { RemainingMs, WireChange } from "./v2_messages.ts";
import { MAX_SPAN_MS } from "./v2_limits.ts";

/**
 * Converts a ban for a block of a snapshot: in whole milliseconds, and within
 * the wire's longest time.
 *
 * @param ban The ban; its times and the block's use the same clock.
 * @param nowMs Milliseconds since 1970 by that clock.
 * @returns `undefined`: all its reports have ended.
 */
export function blockBan(ban: Ban, nowMs: number): Ban | undefined {
  const reports: BanReport[] = [];
  for (const { origin, firstMs, lastMs, expiresMs } of ban.reports) {
    if (expiresMs <= nowMs) continue;
    reports.push({
      origin,
      firstMs: blockedMs(firstMs, nowMs),
      lastMs: blockedMs(lastMs, nowMs),
      expiresMs: blockedEndMs(expiresMs, nowMs),
    });
  }
  return reports.length === 0 ? undefined : { ...ban, reports };
}

/**
 * Converts bans for a block of a snapshot, see {@link blockBan}.
 *
 * @param columns The bans.
 * @param nowMs Milliseconds since 1970 by their clock.
 * @returns The bans, except those whose reports have all ended.
 */
export function blockColumns(
  columns: BanBlockColumns,
  nowMs: number,
): BanBlockColumns {
  // The table removes ended bans, so there are usually none.
  if (columns.expiresMs.some((ms) => ms <= nowMs)) {
    const live = [...bansOf(columns)].flatMap((ban) =>
      blockBan(ban, nowMs) ?? []
    );
    return columnsOf(live);
  }
  const { firstMs, lastMs, expiresMs } = columns;
  return {
    ...columns,
    firstMs: firstMs.map((ms) => blockedMs(ms, nowMs)),
    lastMs: lastMs.map((ms) => blockedMs(ms, nowMs)),
    expiresMs: expiresMs.map((ms) => blockedEndMs(ms, nowMs)),
  };
}

/** A time after now, from before the clock was set back, becomes now. */
function blockedMs(ms: number, nowMs: number): number {
  return Math.floor(Math.min(ms, nowMs));
}

function blockedEndMs(ms: number, nowMs: number): number {
  return ms - nowMs > MAX_SPAN_MS ? Infinity : Math.ceil(ms);
}

/** Converts a change for the wire, as of now. */
export function wireChange(change: Change, nowMs: number): WireChange {
  const { seq, jail, address, atMs } = change;
  const base = { seq, agoMs: agoMs(atMs, nowMs), jail, address };
  switch (change.kind) {
    case "report": {
      const { kind, origin, isPending, expiresMs } = change;
      const left = remainingMs(expiresMs, nowMs);
      return { ...base, kind, origin, isPending, remainingMs: left };
    }
    case "withdraw":
      return { ...base, kind: change.kind, origin: change.origin };
    case "lift":
      return { ...base, kind: change.kind, by: change.by };
  }
}

/** Converts a change that has just arrived to this host's time. */
export function localChange(wire: WireChange, nowMs: number): Change {
  const { seq, jail, address } = wire;
  const base = { seq, atMs: nowMs - wire.agoMs, jail, address };
  switch (wire.kind) {
    case "report": {
      const { kind, origin, isPending } = wire;
      const expiresMs = endMs(wire.remainingMs, nowMs);
      return { ...base, kind, origin, isPending, expiresMs };
    }
    case "withdraw":
      return { ...base, kind: wire.kind, origin: wire.origin };
    case "lift":
      return { ...base, kind: wire.kind, by: wire.by };
  }
}

/**
 * Converts an end to the remaining time.
 *
 * @param expiresMs The end, in milliseconds since 1970; `Infinity`: never.
 * @param nowMs Milliseconds since 1970 by the same clock.
 * @returns `null` also if it is longer than the wire's hundred years.
 */
export function remainingMs(expiresMs: number, nowMs: number): RemainingMs {
  const leftMs = Math.max(0, Math.ceil(expiresMs - nowMs));
  return leftMs > MAX_SPAN_MS ? null : leftMs;
}

/** Converts a remaining time to an end. */
export function endMs(remaining: RemainingMs, nowMs: number): number {
  return remaining === null ? Infinity : nowMs + remaining;
}

/** Age of a time, at least 0: the clock may have been set back. */
export function agoMs(atMs: number, nowMs: number): number {
  return Math.min(Math.max(0, Math.floor(nowMs - atMs)), MAX_SPAN_MS);
}

/** Rounds a time for a message; `null`: never. */
export function wholeMs(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms) : null;
}
