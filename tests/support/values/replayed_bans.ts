/**
 * A simple model of the bans that changes lead to, with which every store must
 * agree.
 *
 * @module
 */

import {
  type Ban,
  type BanReport,
  type Change,
  keyOf,
} from "../../../lib/ban/ban.ts";

/** Bans by key. */
export type BanMap = ReadonlyMap<string, Ban>;

/** Applies changes one by one. */
export function replay(changes: Iterable<Change>, bans: BanMap): BanMap {
  const after = new Map(bans);
  for (const change of changes) {
    const ban = replayOne(after.get(keyOf(change)), change);
    if (ban === undefined) after.delete(keyOf(change));
    else after.set(keyOf(change), ban);
  }
  return after;
}

function replayOne(ban: Ban | undefined, change: Change): Ban | undefined {
  const { jail, address, seq } = change;
  if (change.kind === "lift") return undefined;
  const { origin, atMs } = change;
  const reports = ban?.reports ?? [];
  const others = reports.filter((report) => report.origin !== origin);
  if (change.kind === "withdraw") {
    return ban && others.length > 0
      ? { ...ban, reports: others, seq }
      : undefined;
  }
  const { expiresMs, isPending } = change;
  const known = reports.find((report) =>
    report.origin === origin && report.expiresMs > atMs
  );
  const firstMs = known?.firstMs ?? atMs;
  const report: BanReport = { origin, firstMs, lastMs: atMs, expiresMs };
  const all = known === undefined
    ? [...others, report]
    : reports.map((each) => each === known ? report : each);
  return { jail, address, reports: all, seq, isPending };
}

/** The bans that are current after a time, in a comparable order. */
export function quota(bans: Iterable<Ban>, nowMs: number): Ban[] {
  return [...bans].flatMap((ban) => {
    const reports = ban.reports.filter(({ expiresMs }) => expiresMs > nowMs);
    return reports.length === 0 ? [] : [{ ...ban, reports }];
  }).sort((left, right) => keyOf(left) < keyOf(right) ? -1 : 1);
}
