/**
 * The banned networks around an address: an unban of it leaves them.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import { type Address, prefixesAround } from "../base/address.ts";
import { WIDENED_ORIGIN } from "../base/operator_name.ts";
import type { WhyWidened } from "../wire/operator_why.ts";
import { endsMs } from "./ban_match.ts";

/** Why a network is banned that nobody reported; `undefined`: somebody did. */
export type WidenedOf = (network: BanKey) => WhyWidened | undefined;

/**
 * Gives the banned networks around an address, the narrowest first. One that
 * has too few banned addresses left is about to be taken back, and is none.
 *
 * @param address The address or prefix.
 * @param table The bans.
 * @param widenedOf Why networks are banned.
 * @param nowMs By the table's clock.
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
