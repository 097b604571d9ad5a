/**
 * From what happened to a copy of the cluster's bans to what this host is to
 * do about it.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { BanStep } from "../ban/ban_table.ts";
import {
  type BanPlace,
  placeOfReport,
  type Receiver,
} from "../choice/receiver_choice.ts";

/** What updates are of: bans that are acted on, or those that are only observed. */
export type ActedOn = Exclude<BanPlace, "left-out">;

/**
 * Says what a step means for a host. Its own reports don't count there: its own
 * fail2ban has that ban, and what it leaves out does not either. A ban goes
 * under the name of the first node whose report counts, until that report ends.
 *
 * @param step What happened.
 * @param receiver The host, and what it takes.
 * @param place `taken`: what is to be acted on; `observed`: what would be.
 * @returns What is to be made true, in order, with ends by the copy's clock. A
 * ban whose time is over is an unban too: not everything that acts on bans
 * knows when they end.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { TAKE_ALL as choice } from "../choice/receiver_choice.ts";
 * import { updatesOf } from "./ban_updates.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [here, origin] = [parseHostName("db1"), parseHostName("web1")];
 * const [jail, address] = [parseJailName("sshd"), parseAddress("192.0.2.1")];
 * ok(here && origin && jail && address);
 * const report = { origin, firstMs: 0, lastMs: 0, expiresMs: 60_000 };
 * const after = { jail, address, reports: [report], seq: 1, isPending: false };
 * const kinds = (hostName: typeof here) =>
 *   updatesOf({ before: undefined, after }, { hostName, choice }).map(({ kind }) => kind);
 * deepStrictEqual(kinds(here), ["ban"]);
 * deepStrictEqual(kinds(origin), []); // its own fail2ban has that ban
 * ```
 */
export function updatesOf(
  { before, after }: BanStep,
  receiver: Receiver,
  place: ActedOn = "taken",
): readonly BanUpdate[] {
  const old = before && wordOf(before, receiver, place);
  const now = after && wordOf(after, receiver, place);
  if (now === undefined) return old === undefined ? [] : [unban(old)];
  if (old === undefined) return [now];
  return old.origin === now.origin && old.expiresMs === now.expiresMs
    ? []
    : [now];
}

/** Updates made at a time: all of a large copy would be a large heap for a moment. */
const UPDATES_AT_ONCE = 2_000;

/**
 * What a copy holds, as if all of it were news.
 *
 * @param bans The copy.
 * @param receiver The host, and what it takes.
 * @param place As in {@link updatesOf}.
 * @returns Some at a time, in the copy's order.
 */
export function* updatesOfAll(
  bans: Iterable<Ban>,
  receiver: Receiver,
  place: ActedOn = "taken",
): Generator<readonly BanUpdate[], void, undefined> {
  let updates: BanUpdate[] = [];
  for (const ban of bans) {
    const update = wordOf(ban, receiver, place);
    if (update === undefined) continue;
    updates.push(update);
    if (updates.length < UPDATES_AT_ONCE) continue;
    yield updates;
    updates = [];
  }
  if (updates.length > 0) yield updates;
}

/** What the reports say that have a place; nothing is observed that another report has taken. */
function wordOf(
  { jail, address, isPending, reports, seq: change }: Ban,
  receiver: Receiver,
  place: ActedOn,
): BanUpdate | undefined {
  if (isPending) return undefined;
  let [origin, expiresMs]: [BanUpdate["origin"] | undefined, number] = [
    undefined,
    -Infinity,
  ];
  for (const report of reports) {
    const its = placeOfReport(receiver, jail, report.origin);
    if (its === "taken" && place === "observed") return undefined;
    if (its !== place) continue;
    origin ??= report.origin;
    expiresMs = Math.max(expiresMs, report.expiresMs);
  }
  return origin && { kind: "ban", jail, address, origin, expiresMs, change };
}

function unban({ jail, address, origin }: BanUpdate): BanUpdate {
  return { kind: "unban", jail, address, origin };
}
