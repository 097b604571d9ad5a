/**
 * Converts times between a host's clock and the wire, where they are spans.
 *
 * @module
 */

import type { Ban, BanReport, Change } from "../ban/ban.ts";
import type { RemainingMs, WireChange } from "./v2_messages.ts";
import { MAX_SPAN_MS } from "./v2_limits.ts";

/**
 * A ban as a block of a snapshot has it: in whole milliseconds, none of them
 * further ahead than the wire can carry.
 *
 * @param ban The ban; its times, and those of the block, are by one clock.
 * @param nowMs Milliseconds since 1970 by that clock.
 * @returns `undefined`: all of its reports have ended.
 */
export function blockBan(ban: Ban, nowMs: number): Ban | undefined {
  const reports: BanReport[] = [];
  for (const { origin, firstMs, lastMs, expiresMs } of ban.reports) {
    if (expiresMs <= nowMs) continue;
    reports.push({
      origin,
      firstMs: Math.floor(Math.min(firstMs, nowMs)),
      lastMs: Math.floor(Math.min(lastMs, nowMs)),
      expiresMs: expiresMs - nowMs > MAX_SPAN_MS
        ? Infinity
        : Math.ceil(expiresMs),
    });
  }
  return reports.length === 0 ? undefined : { ...ban, reports };
}

/** A change as it goes over the wire now. */
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

/** A change that came over the wire now, in this host's time. */
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
 * The remaining time.
 *
 * @param expiresMs Its end in milliseconds since 1970; `Infinity`: never.
 * @param nowMs Milliseconds since 1970 by the same clock.
 * @returns `null` also for more than the wire can carry, which is a hundred years.
 */
export function remainingMs(expiresMs: number, nowMs: number): RemainingMs {
  const leftMs = Math.max(0, Math.ceil(expiresMs - nowMs));
  return leftMs > MAX_SPAN_MS ? null : leftMs;
}

/** The end of a remaining time. */
export function endMs(remaining: RemainingMs, nowMs: number): number {
  return remaining === null ? Infinity : nowMs + remaining;
}

/** The age of something, never below 0: a clock may have been set back. */
export function agoMs(atMs: number, nowMs: number): number {
  return Math.min(Math.max(0, Math.floor(nowMs - atMs)), MAX_SPAN_MS);
}

/** A time as a message has it; `null`: never. */
export function wholeMs(ms: number): number | null {
  return Number.isFinite(ms) ? Math.round(ms) : null;
}
