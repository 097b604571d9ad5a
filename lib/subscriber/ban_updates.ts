/**
 * From what happened to a copy of the cluster's bans to what this host is to
 * do about it.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { BanStep } from "../ban/ban_table.ts";
import { type HostName, sameHost } from "../base/host_name.ts";

/**
 * Says what a step means for a host. Its own reports don't count there: its own
 * fail2ban has that ban. A ban goes under the name of the first other node that
 * reports it, until that one's report ends.
 *
 * @param step What happened.
 * @param hostName The host.
 * @returns What is to be made true, in order, with ends by the copy's clock. A
 * ban whose time is over is an unban too: not everything that acts on bans
 * knows when they end.
 *
 * @example
 * ```ts
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { updatesOf } from "./ban_updates.ts";
 * import { deepStrictEqual, ok } from "node:assert/strict";
 *
 * const [here, origin] = [parseHostName("db1"), parseHostName("web1")];
 * const [jail, address] = [parseJailName("sshd"), parseAddress("192.0.2.1")];
 * ok(here && origin && jail && address);
 * const report = { origin, firstMs: 0, lastMs: 0, expiresMs: 60_000 };
 * const after = { jail, address, reports: [report], seq: 1, isPending: false };
 * const kinds = (host: typeof here) =>
 *   updatesOf({ before: undefined, after }, host).map(({ kind }) => kind);
 * deepStrictEqual(kinds(here), ["ban"]);
 * deepStrictEqual(kinds(origin), []); // its own fail2ban has that ban
 * ```
 */
export function updatesOf(
  { before, after }: BanStep,
  hostName: HostName,
): readonly BanUpdate[] {
  const old = before && othersWord(before, hostName);
  const now = after && othersWord(after, hostName);
  if (now === undefined) return old === undefined ? [] : [unban(old)];
  if (old === undefined) return [now];
  return old.origin === now.origin && old.expiresMs === now.expiresMs
    ? []
    : [now];
}

/**
 * What a copy holds, as if all of it were news.
 *
 * @param bans The copy.
 * @param hostName The host.
 */
export function updatesOfAll(
  bans: Iterable<Ban>,
  hostName: HostName,
): readonly BanUpdate[] {
  return [...bans].flatMap((after) =>
    updatesOf({ before: undefined, after }, hostName)
  );
}

function othersWord(ban: Ban, hostName: HostName): BanUpdate | undefined {
  if (ban.isPending) return undefined;
  const others = ban.reports.filter(({ origin }) =>
    !sameHost(origin, hostName)
  );
  const [first] = others;
  if (first === undefined) return undefined;
  const { jail, address } = ban;
  const expiresMs = Math.max(...others.map(({ expiresMs }) => expiresMs));
  return { kind: "ban", jail, address, origin: first.origin, expiresMs };
}

function unban({ jail, address, origin }: BanUpdate): BanUpdate {
  return { kind: "unban", jail, address, origin };
}
