/**
 * Converts steps of the copy to updates for this host.
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

/** Kinds of bans that have updates: acted on, or only observed. */
export type ActedOn = Exclude<BanPlace, "left-out">;

/**
 * Converts a step to this host's updates. The host's own reports do not count,
 * because its fail2ban already has that ban; neither do reports that it leaves
 * out. A ban has the origin of the first report that counts, until that report
 * ends.
 *
 * @param step The step of the copy.
 * @param receiver The host, and its choice of bans.
 * @param place `taken`: updates to act on; `observed`: updates only to observe.
 * @returns The updates, in order, with ends by the copy's clock. A ban that has
 *   ended leads to an unban too, because some actions do not know when a ban
 *   ends.
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

/** Updates per chunk: all of a large copy at once would need a large heap. */
const UPDATES_AT_ONCE = 2_000;

/**
 * Converts the whole copy to ban updates.
 *
 * @param bans The bans of the copy.
 * @param receiver The host, and its choice of bans.
 * @param place As in {@link updatesOf}.
 * @returns Chunks of updates, in the copy's order.
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

/**
 * The update for the reports in a place; a taken report hides observed ones.
 */
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
