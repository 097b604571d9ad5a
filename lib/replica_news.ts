/**
 * From what happened to a copy of the cluster's bans to what this host is to
 * do about it.
 *
 * @module
 */

import type { Ban } from "./ban.ts";
import type { BanNews } from "./ban_event.ts";
import type { BanStep } from "./ban_table.ts";
import { type HostName, sameHost } from "./host_name.ts";

/**
 * Says what a step means for a host. Its own reports don't count there: its own
 * fail2ban has that ban. A ban goes under the name of the first other node that
 * reports it, until that one's report ends.
 *
 * @param step What happened.
 * @param hostName The host.
 * @returns What is to be made true, in order. Nothing for a ban whose time is
 * over: that ends by itself.
 */
export function newsOf(
  { before, after }: BanStep,
  hostName: HostName,
): readonly BanNews[] {
  const old = before && othersWord(before, hostName);
  const now = after && othersWord(after, hostName);
  if (now === undefined) return old === undefined ? [] : [unban(old)];
  if (old === undefined) return [now];
  if (old.origin !== now.origin) return [now, unban(old)];
  return old.expiresMs === now.expiresMs ? [] : [now];
}

/**
 * What a copy holds, as if all of it were news.
 *
 * @param bans The copy.
 * @param hostName The host.
 */
export function newsOfAll(
  bans: Iterable<Ban>,
  hostName: HostName,
): readonly BanNews[] {
  return [...bans].flatMap((after) =>
    newsOf({ before: undefined, after }, hostName)
  );
}

function othersWord(ban: Ban, hostName: HostName): BanNews | undefined {
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

function unban({ jail, address, origin }: BanNews): BanNews {
  return { kind: "unban", jail, address, origin };
}
