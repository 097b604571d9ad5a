/**
 * Converts the times of bans and changes from one clock to another.
 *
 * @module
 */

import type { Ban, Change } from "./ban.ts";

/** Converts a ban to a clock that is `byMs` ahead; `Infinity` stays. */
export function shiftedBan(ban: Ban, byMs: number): Ban {
  const reports = ban.reports.map((report) => ({
    origin: report.origin,
    firstMs: report.firstMs + byMs,
    lastMs: report.lastMs + byMs,
    expiresMs: report.expiresMs + byMs,
  }));
  return { ...ban, reports };
}

/** Converts a change to a clock that is `byMs` ahead; `Infinity` stays. */
export function shiftedChange(change: Change, byMs: number): Change {
  const atMs = change.atMs + byMs;
  return change.kind === "report"
    ? { ...change, atMs, expiresMs: change.expiresMs + byMs }
    : { ...change, atMs };
}
