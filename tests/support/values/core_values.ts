/**
 * Values of the core from text that a test knows to be good.
 *
 * @module
 */

import { type Address, parseAddress } from "../../../lib/base/address.ts";
import type { BanEvent, BanKind } from "../../../lib/ban/ban_event.ts";
import { TAKE_ALL } from "../../../lib/choice/receiver_choice.ts";
import type {
  NodeCondition,
  ObservedState,
} from "../../../lib/wire/v2_messages.ts";
import type { PlaceId } from "../../../lib/base/ids.ts";
import { type HostName, parseHostName } from "../../../lib/base/host_name.ts";
import { type JailName, parseJailName } from "../../../lib/base/jail_name.ts";

/** Where programs of tests run. */
export const PLACE = "5a5b5c5d5e5f50515253545556575859" as PlaceId;

/** How a monitor is that has nothing to do. */
export const IDLE_MONITOR: NodeCondition = {
  kind: "monitor",
  logReadAgoMs: null,
  unacknowledged: 0,
  oldestAgoMs: null,
};

/** What a subscriber tells that observes nothing. */
export const NOTHING_OBSERVED: ObservedState = {
  ...{ wanted: 0, banned: 0, lifted: 0, refused: 0 },
};

/** How a subscriber is that has nothing yet. */
export const IDLE_SUBSCRIBER: Extract<
  NodeCondition,
  { readonly kind: "subscriber" }
> = {
  kind: "subscriber",
  epoch: null,
  seq: 0,
  isFollowing: false,
  actions: [],
  choice: TAKE_ALL,
  observed: NOTHING_OBSERVED,
};

/** Reads an address, or throws. */
export function address(text: string): Address {
  return made("address", text, parseAddress(text));
}

/** Reads a jail's name, or throws. */
export function jail(text: string): JailName {
  return made("jail", text, parseJailName(text));
}

/** Reads a host's name, or throws. */
export function host(text: string): HostName {
  return made("host", text, parseHostName(text));
}

/**
 * Reads an event written as on the wire, or throws.
 *
 * @param text As in `web-1|sshd|Ban|192.0.2.1`.
 */
export function banEvent(text: string): BanEvent {
  const [origin = "", jailText = "", action = "", addressText = ""] = text
    .split("|");
  const kinds: Readonly<Record<string, BanKind>> = {
    Ban: "ban",
    Unban: "unban",
  };
  return {
    kind: made("action", action, kinds[action]),
    origin: host(origin),
    jail: jail(jailText),
    address: address(addressText),
  };
}

/**
 * So many different bans, in an order that their addresses show.
 *
 * @param count How many, 65,536 at most.
 */
export function banEvents(count: number): BanEvent[] {
  return Array.from(
    { length: count },
    (_, index) =>
      banEvent(`web-1|sshd|Ban|198.18.${index >> 8}.${index & 255}`),
  );
}

function made<T>(what: string, text: string, value: T | undefined): T {
  if (value === undefined) throw new TypeError(`Not a good ${what}: "${text}"`);
  return value;
}
