/**
 * Bans and changes of another clock.
 *
 * @module
 */

import type { Ban, Change } from "./ban.ts";

/** A ban by a clock that is so many milliseconds ahead; `Infinity` stays. */
export function shiftedBan(ban: Ban, byMs: number): Ban {
  const reports = ban.reports.map((report) => ({
    origin: report.origin,
    firstMs: report.firstMs + byMs,
    lastMs: report.lastMs + byMs,
    expiresMs: report.expiresMs + byMs,
  }));
  return { ...ban, reports };
}

/** A change by a clock that is so many milliseconds ahead; `Infinity` stays. */
export function shiftedChange(change: Change, byMs: number): Change {
  const atMs = change.atMs + byMs;
  return change.kind === "report"
    ? { ...change, atMs, expiresMs: change.expiresMs + byMs }
    : { ...change, atMs };
}
