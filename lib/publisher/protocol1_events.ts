/**
 * Converts changes of the table to events of protocol 1.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanEvent, BanKind } from "../ban/ban_event.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { HostName } from "../base/host_name.ts";

/**
 * Converts a change to each node's bans and unbans. Protocol 1 learns of a ban
 * once it counts.
 *
 * @param kept The change, with the ban before and after it.
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
