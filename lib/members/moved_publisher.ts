/**
 * Where a node looks for a publisher that has said that it moves.
 *
 * @module
 */

import { endpointHost } from "../base/endpoint_url.ts";
import type { Membership, PublisherAddress } from "./member.ts";

/** Addresses that are kept beside the join code's: a wrong one shuts nobody out. */
export const MAX_MOVED = 4;

/**
 * Every address that a node knows of its publisher, the last that it was told first.
 *
 * @param membership What it has joined with.
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
 * Notes where the publisher will be. The address at which it said so is kept,
 * and so is the join code's; of others those that are the oldest go.
 *
 * @param membership What the node has joined with.
 * @param address Where the publisher will be.
 * @param heardAt Where it is now.
 */
export function withMove(
  membership: Membership,
  address: PublisherAddress,
  heardAt: PublisherAddress,
): Membership {
  const { moved = [], controlUrl, streamUrl } = membership;
  const joined = { controlUrl, streamUrl };
  const told = distinct([address, heardAt, ...moved]);
  // The join code's is known anyhow, unless it is where the publisher goes back to.
  const kept = told.filter((each, at) => at === 0 || !isSame(each, joined));
  return { ...membership, moved: kept.slice(0, MAX_MOVED) };
}

/** The hosts at which a node looks for its publisher, likewise. */
export function publisherHosts(
  membership: Pick<Membership, "moved" | "controlUrl" | "streamUrl">,
): readonly string[] {
  return publisherAddresses(membership).map(({ controlUrl }) =>
    endpointHost(controlUrl) ?? controlUrl
  );
}

/** Whether two addresses are one. */
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
