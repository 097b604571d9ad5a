/**
 * Run inside a network of its own, with `--v8-flags=--expose-gc`: bans, lifts
 * and compares through nftables over and over, and writes a line of JSON with
 * its memory after each block of cycles.
 *
 * @module
 */

import { DesiredCopy } from "../../../lib/enforce/desired_copy.ts";
import { EnforcedAction } from "../../../lib/enforce/enforced_action.ts";
import { SqliteLedger } from "../../../lib/enforce/io/sqlite_ban_ledger.ts";
import { UpdateProtection } from "../../../lib/enforce/update_protection.ts";
import { NetlinkEvents } from "../../../lib/nftables/io/netlink_events.ts";
import { NetlinkGeneration } from "../../../lib/nftables/io/netlink_generation.ts";
import { NftEnforcer } from "../../../lib/nftables/nft_enforcer.ts";
import { NftProcess } from "../../../lib/nftables/io/nft_process.ts";
import { ReceiptQueue } from "../../../lib/subscriber/receipt_queue.ts";
import { SteadyClock } from "../../../lib/async/steady_clock.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import type { BanUpdate } from "../../../lib/ban/ban_event.ts";
import { address, host, jail } from "../values/core_values.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { waitUntil } from "../host/wait_until.ts";

const [blocks = 0, cycles = 0, bans = 0] = Deno.args.map(Number);
const HOUR_MS = 3_600_000;

const clock = new SteadyClock(new SystemClock());
const log = { ...new MemoryLog(), record: () => {} };
const receipts = new ReceiptQueue();
const [hostName, jailMap] = [host("here"), []];
const policy = { minPrefix4Bits: 24, minPrefix6Bits: 48, allowPrivate: true };
using ledger = new SqliteLedger(":memory:");
using generation = new NetlinkGeneration();
using events = new NetlinkEvents();
const program = new NftProcess(clock);
const action = new EnforcedAction({
  enforcer: new NftEnforcer({ clock, program, generation, events }),
  desired: new DesiredCopy({ hostName, jailMap, banTimeMs: HOUR_MS }),
  protection: new UpdateProtection({
    policy: () => policy,
    ...{ receipts, clock, log },
  }),
  ...{ ledger, clock, log, hostName, jailMap, receipts },
  resyncEveryMs: HOUR_MS,
});

function updates(kind: BanUpdate["kind"], cycle: number): BanUpdate[] {
  return Array.from({ length: bans }, (_, at): BanUpdate => {
    const number = cycle * bans + at;
    const octets = [10, number >> 16 & 255, number >> 8 & 255, number & 255];
    const ban = {
      origin: host("web-1"),
      jail: jail("sshd"),
      address: address(octets.join(".")),
    };
    return kind === "unban"
      ? { kind, ...ban }
      : { kind, ...ban, expiresMs: clock.nowMs() + HOUR_MS };
  });
}

/** Waits until so many bans are in force, and nothing else is to be done. */
async function until(inForce: number): Promise<void> {
  await waitUntil(() => {
    const { inForce: there, waiting } = action.figures;
    return there === inForce && waiting === 0;
  }, { what: `${inForce} bans`, intervalMs: 2 });
}

/** Somebody adds a ban, so that all is listed; then it is lifted. */
async function changeByHand(): Promise<void> {
  const { surplus } = action.counters;
  const element = "element inet fail2ban_cluster banned4 { 203.0.113.1 }";
  await new Deno.Command("nft", { args: [`add ${element}`] }).output();
  await waitUntil(() => action.counters.surplus > surplus, {
    what: "a comparison",
    intervalMs: 2,
  });
  await until(bans);
}

const ended = new AbortController();
const running = action.run(ended.signal);
await until(0);
for (let block = 0; block < blocks; block++) {
  for (let at = 0; at < cycles; at++) {
    const cycle = block * cycles + at;
    await action.act(updates("ban", cycle), ended.signal);
    await until(bans);
    if (cycle % 4 === 0) await changeByHand();
    await action.act(updates("unban", cycle), ended.signal);
    await until(0);
    receipts.dequeue(10 * bans);
    receipts.acknowledge();
  }
  const { gc } = globalThis as { readonly gc?: () => void };
  gc?.();
  const { rss, heapUsed, external } = Deno.memoryUsage();
  const line = `${JSON.stringify({ rss, heapUsed, external })}\n`;
  await Deno.stdout.write(new TextEncoder().encode(line));
}
ended.abort();
await running;
