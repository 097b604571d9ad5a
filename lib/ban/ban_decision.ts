/**
 * Decides what an event does to a ban. The rules are pure, and the same at the
 * publisher and in every copy.
 *
 * | event      | no ban             | a ban without that report   | a ban with it             |
 * | ---------- | ------------------ | --------------------------- | ------------------------- |
 * | `report`   | change             | change; `full` above a bound | change if it ends later, or its node knows the end and it differs |
 * | `withdraw` | rejected `no_ban`  | rejected `no_report`        | change; the last ends it  |
 * | `lift`     | rejected `no_ban`  | change: it ends             | change: it ends           |
 *
 * A `report` that has already expired is always rejected as `over`. The
 * publisher's derived reports need no quorum and do not count towards one.
 *
 * @module
 */

import type { Ban, BanKey, BanReport, Change, ChangeDraft } from "./ban.ts";
import type { HostName } from "../base/host_name.ts";
import { isDerivedOrigin } from "../base/operator_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** An event for the table to decide about. */
export type TableEvent =
  | (BanKey & {
    readonly kind: "report";
    readonly origin: HostName;
    /** In milliseconds since 1970, publisher's clock; `Infinity`: never. */
    readonly expiresMs: number;
    /** When the node made the ban, by the same clock; absent: now. */
    readonly madeMs?: number;
    /**
     * Whether the node knows the end: then an earlier end than before counts,
     * too. @default {false}
     */
    readonly isExact?: boolean;
  })
  | (BanKey & { readonly kind: "withdraw"; readonly origin: HostName })
  | (BanKey & { readonly kind: "lift"; readonly by: HostName });

/** Why an event was rejected. */
export type Rejection = "over" | "full" | "no_ban" | "no_report";

/** The decision about an event. */
export type Decision =
  | { readonly kind: "change"; readonly draft: ChangeDraft }
  /** The table has it already: nothing changes. */
  | { readonly kind: "known" }
  | { readonly kind: "rejected"; readonly reason: Rejection };

/** Number of nodes that must report before a ban is in force. */
export interface Quorum {
  /** Number of different nodes. */
  readonly nodes: number;
  /**
   * Only reports of at most this age, in milliseconds, count; `Infinity`: all
   * count.
   */
  readonly withinMs: number;
}

/** Gives the quorum of a jail. */
export type QuorumOf = (jail: JailName) => Quorum;

/** One report is enough in every jail. */
export const ANY_NODE: QuorumOf = (): Quorum => ({
  nodes: 1,
  withinMs: Infinity,
});

/** Maximum number of reports of one ban. */
export const MAX_REPORTS = 256;
/**
 * A repeated report whose end moved by less than this changes nothing, because
 * an end is computed from two clock readings.
 */
const SAME_END_MS = 1_000;

/**
 * Decides about an event, without changing anything.
 *
 * @param ban The current ban; `undefined`: there is none.
 * @param event The event.
 * @param nowMs Milliseconds since 1970 by the publisher's clock.
 * @param quorumOf Gives the number of nodes that must report.
 *
 * @example
 * ```ts
 * import { decide, evolve } from "./ban_decision.ts";
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
 * const report = { kind: "report", origin, jail, address, expiresMs: 60_000 } as const;
 * const decision = decide(undefined, report, 0);
 * ok(decision.kind === "change");
 * const ban = evolve(undefined, { ...decision.draft, seq: 1 });
 * strictEqual(ban?.reports[0]?.origin, "web1");
 * strictEqual(decide(ban, report, 0).kind, "known");
 * ```
 */
export function decide(
  ban: Ban | undefined,
  event: TableEvent,
  nowMs: number,
  quorumOf: QuorumOf = ANY_NODE,
): Decision {
  const live = ban?.reports.filter(({ expiresMs }) => expiresMs > nowMs) ?? [];
  const isThere = live.length > 0;
  switch (event.kind) {
    case "report":
      return decideReport(ban, live, event, nowMs, quorumOf);
    case "withdraw": {
      if (!isThere) return rejected("no_ban");
      const { origin, jail, address } = event;
      return live.some((report) => report.origin === origin)
        ? change({ kind: "withdraw", atMs: nowMs, jail, address, origin })
        : rejected("no_report");
    }
    case "lift": {
      if (!isThere) return rejected("no_ban");
      const { by, jail, address } = event;
      return change({ kind: "lift", atMs: nowMs, jail, address, by });
    }
  }
}

function decideReport(
  ban: Ban | undefined,
  live: readonly BanReport[],
  event: TableEvent & { kind: "report" },
  nowMs: number,
  quorumOf: QuorumOf,
): Decision {
  const { origin, jail, address, expiresMs, isExact = false } = event;
  if (!(expiresMs > nowMs)) return rejected("over");
  const known = live.find((report) => report.origin === origin);
  if (known === undefined && live.length >= MAX_REPORTS) {
    return rejected("full");
  }
  const isInForce = live.length > 0 && ban?.isPending === false;
  const isPending = !isInForce && !isDerivedOrigin(origin) &&
    !hasQuorum(quorumOf(jail), live, origin, nowMs);
  const hasMoved = known === undefined ||
    endsLater(expiresMs, known.expiresMs) ||
    isExact && endsLater(known.expiresMs, expiresMs);
  if (!hasMoved && isPending === ban?.isPending) return { kind: "known" };
  return change({
    kind: "report",
    atMs: nowMs,
    jail,
    address,
    origin,
    expiresMs: hasMoved ? expiresMs : known.expiresMs,
    isPending,
  });
}

function endsLater(expiresMs: number, knownMs: number): boolean {
  return expiresMs === Infinity
    ? knownMs !== Infinity
    : expiresMs >= knownMs + SAME_END_MS;
}

function hasQuorum(
  { nodes, withinMs }: Quorum,
  live: readonly BanReport[],
  origin: HostName,
  nowMs: number,
): boolean {
  const others = live.filter((report) =>
    report.origin !== origin && report.lastMs >= nowMs - withinMs &&
    !isDerivedOrigin(report.origin)
  );
  return others.length + 1 >= nodes;
}

/**
 * Applies a change.
 *
 * @param ban The current ban; `undefined`: there is none.
 * @param change The decision.
 * @returns The ban after the change; `undefined`: there is none.
 */
export function evolve(ban: Ban | undefined, change: Change): Ban | undefined {
  const { jail, address, seq } = change;
  switch (change.kind) {
    case "report": {
      const { isPending } = change;
      const reports = withReport(ban?.reports ?? [], change);
      return { jail, address, reports, seq, isPending };
    }
    case "withdraw": {
      const { origin } = change;
      const reports = ban?.reports.filter((each) => each.origin !== origin) ??
        [];
      return ban === undefined || reports.length === 0
        ? undefined
        : { ...ban, reports, seq };
    }
    case "lift":
      return undefined;
  }
}

function withReport(
  reports: readonly BanReport[],
  { origin, atMs, expiresMs }: Change & { kind: "report" },
): readonly BanReport[] {
  // An expired report may still be in the list: it counts as removed.
  const known = reports.find((report) =>
    report.origin === origin && report.expiresMs > atMs
  );
  const others = reports.filter((report) =>
    report === known || report.origin !== origin
  );
  const firstMs = known?.firstMs ?? atMs;
  const report = { origin, firstMs, lastMs: atMs, expiresMs };
  return known === undefined
    ? [...others, report]
    : others.map((each) => each === known ? report : each);
}

/**
 * Removes a ban's expired reports.
 *
 * @param ban The ban.
 * @param nowMs Milliseconds since 1970, by the clock of the reports.
 * @returns The ban with its other reports; `undefined`: none is left.
 */
export function withoutExpired(ban: Ban, nowMs: number): Ban | undefined {
  const reports = ban.reports.filter(({ expiresMs }) => expiresMs > nowMs);
  if (reports.length === ban.reports.length) return ban;
  return reports.length === 0 ? undefined : { ...ban, reports };
}

function change(draft: ChangeDraft): Decision {
  return { kind: "change", draft };
}

function rejected(reason: Rejection): Decision {
  return { kind: "rejected", reason };
}
