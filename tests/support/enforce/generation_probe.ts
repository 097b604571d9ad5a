/**
 * Runs in a network namespace: prints as one line of JSON whether the firewall
 * counts as unchanged after each of several changes.
 *
 * @module
 */

import { NetlinkEvents } from "../../../lib/nftables/io/netlink_events.ts";
import { NetlinkGeneration } from "../../../lib/nftables/io/netlink_generation.ts";
import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { hostBan } from "../values/local_bans.ts";

const NEVER = new AbortController().signal;

using generation = new NetlinkGeneration();
const clock = new SystemClock();
const program = new NftProcess(clock);
using events = new NetlinkEvents();
const heard = Deno.args.includes("--events") ? { events } : {};
const enforcer = new NftEnforcer({ clock, program, generation, ...heard });
const told: Record<string, unknown> = {};

async function tell(what: string, work: () => Promise<unknown>): Promise<void> {
  await work();
  told[what] = await enforcer.isUnchanged(NEVER);
}

async function byHand(script: string): Promise<void> {
  await new Deno.Command("nft", { args: [script] }).output();
}

const bans = [hostBan("203.0.113.1"), hostBan("2001:db8:1::/48")];
const list = () => enforcer.list(NEVER);
await tell("before a list", () => enforcer.check(NEVER));
await tell("after a list", list);
await tell("after own bans", () => enforcer.apply(bans, NEVER));
await tell("after own lifts", () => enforcer.lift(bans.slice(1), NEVER));
await tell(
  "after own bans that nft refuses",
  () => enforcer.apply([hostBan("0.0.0.0/0")], NEVER),
);
await tell(
  "after an element by hand",
  () => byHand("delete element inet fail2ban_cluster banned4 { 203.0.113.1 }"),
);
told["what was deleted"] = (await enforcer.takeDeleted(NEVER))
  ?.map(({ address }) => address) ?? "unknown";
told["after that was told"] = await enforcer.isUnchanged(NEVER);
await tell("after own bans since", () => enforcer.apply(bans, NEVER));
await tell("after another list", list);
await tell("after another's table", () => byHand("add table inet another"));
await tell("after a change while it was listed", async () => {
  await Promise.all([list(), byHand("add table inet yet_another")]);
  await byHand("delete table inet yet_another");
});
await tell("after a third list", list);
await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(told)));
