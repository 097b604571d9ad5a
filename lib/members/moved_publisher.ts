/**
 * Where a node looks for a publisher that has announced a move.
 *
 * @module
 */

import { endpointHost } from "../base/endpoint_url.ts";
import type { Membership, PublisherAddress } from "./member.ts";

/**
 * Maximum number of announced addresses; the join code's stays, so a wrong one
 * locks nobody out.
 */
export const MAX_MOVED = 4;

/**
 * All known addresses of the publisher, the latest announcement first.
 *
 * @param membership The node's membership.
 */
export function publisherAddresses(
  { moved = [], controlUrl, streamUrl }: Pick<
    Membership,
    "moved" | "controlUrl" | "streamUrl"
  >,
): readonly PublisherAddress[] {
  return distinct([...moved, { controlUrl, streamUrl }]);
}

/**
 * Records the publisher's new address. The address that announced it and the
 * join code's are kept; of the others the oldest are dropped.
 *
 * @param membership The node's membership.
 * @param address The publisher's new address.
 * @param heardAt Its present address.
 */
export function withMove(
  membership: Membership,
  address: PublisherAddress,
  heardAt: PublisherAddress,
): Membership {
  const { moved = [], controlUrl, streamUrl } = membership;
  const joined = { controlUrl, streamUrl };
  const told = distinct([address, heardAt, ...moved]);
  // The join code's address is known anyway, unless the publisher returns to
  // it.
  const kept = told.filter((each, at) => at === 0 || !isSame(each, joined));
  return { ...membership, moved: kept.slice(0, MAX_MOVED) };
}

/** The hosts of all known addresses, in the same order. */
export function publisherHosts(
  membership: Pick<Membership, "moved" | "controlUrl" | "streamUrl">,
): readonly string[] {
  return publisherAddresses(membership).map(({ controlUrl }) =>
    endpointHost(controlUrl) ?? controlUrl
  );
}

/** Whether two addresses are the same. */
export function isSame(
  left: PublisherAddress,
  right: PublisherAddress,
): boolean {
  return left.controlUrl === right.controlUrl &&
    left.streamUrl === right.streamUrl;
}

function distinct(
  addresses: readonly PublisherAddress[],
): readonly PublisherAddress[] {
  return addresses.filter((each, at) =>
    addresses.findIndex((other) => isSame(each, other)) === at
  );
}
