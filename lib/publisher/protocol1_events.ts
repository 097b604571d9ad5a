/**
 * The table's changes in protocol 1's words.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanEvent, BanKind } from "../ban/ban_event.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { HostName } from "../base/host_name.ts";

/**
 * What protocol 1 is told of a change: each node's report and its end. It
 * hears of a ban once that counts.
 *
 * @param kept The change, and what it did.
 */
export function protocol1Events(
  { change, before, after }: KeptChange,
): readonly BanEvent[] {
  switch (change.kind) {
    case "report":
      if (change.isPending) return [];
      return before?.isPending === true
        ? eventsOf("ban", after)
        : [eventOf("ban", change, change.origin)];
    case "withdraw":
      return before?.isPending === true
        ? []
        : [eventOf("unban", change, change.origin)];
    case "lift":
      return before?.isPending === true ? [] : eventsOf("unban", before);
  }
}

function eventsOf(kind: BanKind, ban: Ban | undefined): readonly BanEvent[] {
  if (ban === undefined) return [];
  return ban.reports.map(({ origin }) => eventOf(kind, ban, origin));
}

function eventOf(
  kind: BanKind,
  { jail, address }: BanKey,
  origin: HostName,
): BanEvent {
  return { kind, jail, address, origin };
}
