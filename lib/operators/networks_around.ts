/**
 * Finds the banned networks around an address: an unban of the address leaves
 * them.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import { type Address, prefixesAround } from "../base/address.ts";
import { WIDENED_ORIGIN } from "../base/operator_name.ts";
import type { WhyWidened } from "../wire/operator_why.ts";
import { endsMs } from "./ban_match.ts";

/** Why a network is banned by widening; `undefined` when a node reported it. */
export type WidenedOf = (network: BanKey) => WhyWidened | undefined;

/**
 * Gives the banned networks around an address, the narrowest first. Leaves out
 * a widened network with too few banned members: it is about to be removed.
 *
 * @param address The address or prefix.
 * @param table The bans.
 * @param widenedOf Why networks are banned.
 * @param nowMs Time by the table's clock.
 */
export function networksAround(
  address: Address,
  table: Pick<BanHub["table"], "ofAddress">,
  widenedOf: WidenedOf,
  nowMs: number,
): readonly Address[] {
  const stays = (ban: Ban) => {
    if (ban.isPending || endsMs(ban) <= nowMs) return false;
    const isTold = ban.reports.some(({ origin }) => origin !== WIDENED_ORIGIN);
    const { members = 0, after = 1 } = widenedOf(ban) ?? {};
    return isTold || members >= after;
  };
  return prefixesAround(address).filter((network) =>
    [...table.ofAddress(network)].some(stays)
  );
}
