/**
 * How a fire drill checks what this host's actions enforce, independently of
 * them.
 *
 * @module
 */

import { DRILL_JAIL } from "../../lib/base/operator_name.ts";
import { localJail } from "../../lib/base/jail_map.ts";
import type { SubscriberConfig } from "../../lib/config/config.ts";
import type { BanAction } from "../../lib/enforce/enforcer.ts";
import { Fail2banInfo } from "../../lib/fail2ban/fail2ban_info.ts";
import { NftProcess } from "../../lib/nftables/io/nft_process.ts";
import { nftLook } from "../../lib/nftables/nft_look.ts";
import type { SteadyClock } from "../../lib/async/steady_clock.ts";
import type { DrillReceipts } from "../../lib/subscriber/drill_receipts.ts";
import type { Receiver } from "../../lib/choice/receiver_choice.ts";
import {
  drillObjection,
  FireDrill,
  type LookFor,
} from "../../lib/subscriber/fire_drill.ts";
import { openFail2ban } from "./opened_fail2ban.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link newFireDrill}. */
export interface FireDrillParts {
  readonly context: RoleContext<"subscriber">;
  /** The process's one steady clock. */
  readonly clock: SteadyClock;
  /** This node and its choice. */
  readonly receiver: Receiver;
  readonly receipts: DrillReceipts;
  /** The enforcing actions. */
  readonly actions: readonly BanAction[];
}

/** Creates this host's fire drill; in a dry run it does nothing. */
export function newFireDrill(
  { context, clock, receiver, receipts, actions }: FireDrillParts,
): FireDrill {
  const { config, log, dryRun } = context;
  const objection = dryRun ? "it is a dry run" : drillObjection(receiver);
  return new FireDrill({
    ...{ receipts, clock, log },
    targets: objection !== undefined ? [] : actions.map((action) => ({
      action,
      look: lookFor(action.name, config, clock),
    })),
    noTargets: objection ?? "no action here keeps bans in force",
  });
}

/** @returns `undefined` for an operator's program, whose effect is unknown. */
function lookFor(
  action: string,
  config: SubscriberConfig,
  clock: SteadyClock,
): LookFor | undefined {
  switch (action) {
    case "nftables":
      return nftLook({
        program: new NftProcess(clock),
        table: config.nftTable,
      });
    case "fail2banclient":
      return async (address, signal) => {
        await using client = openFail2ban(config);
        const jail = localJail(config.jailMap, DRILL_JAIL);
        const info = new Fail2banInfo(client, clock);
        return (await info.bannedIn(jail, signal))?.has(address) ?? false;
      };
    default:
      return undefined;
  }
}
