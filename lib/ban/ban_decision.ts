/**
 * What an event does to a ban: pure rules, the same at the publisher and in
 * every copy.
 *
 * | event      | no ban             | a ban without that report   | a ban with it             |
 * | ---------- | ------------------ | --------------------------- | ------------------------- |
 * | `report`   | change             | change; `full` above a bound | change if it ends later   |
 * | `withdraw` | rejected `no_ban`  | rejected `no_report`        | change; the last ends it  |
 * | `lift`     | rejected `no_ban`  | change: it ends             | change: it ends           |
 *
 * A `report` whose time is over is rejected as `over`, whatever there is.
 *
 * @module
 */

import type { Ban, BanKey, BanReport, Change, ChangeDraft } from "./ban.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** What somebody wants of the table. */
export type TableEvent =
  | (BanKey & {
    readonly kind: "report";
    readonly origin: HostName;
    /** In milliseconds since 1970 by the publisher's clock; `Infinity`: never. */
    readonly expiresMs: number;
  })
  | (BanKey & { readonly kind: "withdraw"; readonly origin: HostName })
  | (BanKey & { readonly kind: "lift"; readonly by: HostName });

/** Why an event is impossible. */
export type Rejection = "over" | "full" | "no_ban" | "no_report";

/** What follows from an event. */
export type Decision =
  | { readonly kind: "change"; readonly draft: ChangeDraft }
  /** The table has it already. */
  | { readonly kind: "known" }
  | { readonly kind: "rejected"; readonly reason: Rejection };

/** How many nodes a ban takes. */
export interface Quorum {
  /** Different nodes. */
  readonly nodes: number;
  /** Within so many milliseconds; `Infinity`: at any time. */
  readonly withinMs: number;
}

/** Which quorum a jail has. */
export type QuorumOf = (jail: JailName) => Quorum;

/** One node's word is enough. */
export const ANY_NODE: QuorumOf = (): Quorum => ({
  nodes: 1,
  withinMs: Infinity,
});

/** Nodes that report the same ban at most. */
export const MAX_REPORTS = 256;
/** A report that ends later by less changes nothing: clocks are read twice. */
const SAME_END_MS = 1_000;

/**
 * Decides about an event.
 *
 * @param ban The ban as it is; `undefined`: there is none.
 * @param event What is wanted.
 * @param nowMs Milliseconds since 1970 by the publisher's clock.
 * @param quorumOf How many nodes a ban takes.
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
  const { origin, jail, address, expiresMs } = event;
  if (!(expiresMs > nowMs)) return rejected("over");
  const known = live.find((report) => report.origin === origin);
  if (known === undefined && live.length >= MAX_REPORTS) {
    return rejected("full");
  }
  const isStanding = live.length > 0 && ban?.isPending === false;
  const isPending = !isStanding &&
    !hasQuorum(quorumOf(jail), live, origin, nowMs);
  const isLater = known === undefined || endsLater(expiresMs, known.expiresMs);
  if (!isLater && isPending === ban?.isPending) return { kind: "known" };
  const endsMs = Math.max(expiresMs, known?.expiresMs ?? -Infinity);
  return change({
    kind: "report",
    atMs: nowMs,
    jail,
    address,
    origin,
    expiresMs: endsMs,
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
    report.origin !== origin && report.lastMs >= nowMs - withinMs
  );
  return others.length + 1 >= nodes;
}

/**
 * Carries a change out.
 *
 * @param ban The ban as it is; `undefined`: there is none.
 * @param change What was decided.
 * @returns The ban as it is then; `undefined`: there is none.
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
  // One that is over may still be there: it is gone for all that follows.
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
 * Lets time pass for a ban.
 *
 * @param ban The ban.
 * @param nowMs Milliseconds since 1970 by the clock that its ends are told in.
 * @returns The ban without the reports that are over; `undefined`: none is left.
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
