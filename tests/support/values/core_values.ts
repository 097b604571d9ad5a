/**
 * Values of the core from texts that must be valid.
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

/** The host of test programs. */
export const PLACE = "5a5b5c5d5e5f50515253545556575859" as PlaceId;

/** The condition of an idle monitor. */
export const IDLE_MONITOR: NodeCondition = {
  kind: "monitor",
  logReadAgoMs: null,
  unacknowledged: 0,
  oldestAgoMs: null,
};

/** The state of a subscriber without observed bans. */
export const NOTHING_OBSERVED: ObservedState = {
  ...{ wanted: 0, banned: 0, lifted: 0, refused: 0 },
};

/** The condition of a new subscriber. */
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

/** Parses an address, or throws. */
export function address(text: string): Address {
  return made("address", text, parseAddress(text));
}

/** Parses a jail name, or throws. */
export function jail(text: string): JailName {
  return made("jail", text, parseJailName(text));
}

/** Parses a host name, or throws. */
export function host(text: string): HostName {
  return made("host", text, parseHostName(text));
}

/**
 * Parses an event as on the wire, or throws.
 *
 * @param text Such as `web-1|sshd|Ban|192.0.2.1`.
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
 * Distinct bans, in the order of their addresses.
 *
 * @param count At most 65,536.
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
