/**
 * A restart of a subscriber whose firewall still has its bans: the costs until
 * everything is verified.
 *
 * @module
 */

import type { BanEvent } from "../lib/ban/ban_event.ts";
import { DesiredReports } from "../lib/enforce/desired_reports.ts";
import { EnforcedAction } from "../lib/enforce/enforced_action.ts";
import {
  ledgerPath,
  SqliteLedger,
} from "../lib/enforce/io/sqlite_ban_ledger.ts";
import { SystemClock } from "../lib/async/io/system_clock.ts";
import type { Enforcer, HostBan } from "../lib/enforce/enforcer.ts";
import { UpdateProtection } from "../lib/enforce/update_protection.ts";
import { SteadyClock } from "../lib/async/steady_clock.ts";
import { address, host, jail } from "../tests/support/values/core_values.ts";
import { MemoryLog } from "../tests/support/memory/memory_log.ts";
import { NftHost } from "../tests/support/enforce/nft_host.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import { printTable } from "./figures.ts";
import { sized } from "./size.ts";

const BANS = sized(100_000, 2_000);
/** Number of bans that the firewall lost meanwhile. */
const LOST = sized(100, 10);
const HOUR_MS = 3_600_000;
const NEVER = new AbortController().signal;

function addressAt(index: number): string {
  return `10.${index >> 16}.${index >> 8 & 255}.${index & 255}`;
}

/** Records the calls of an enforcer. */
function counting(enforcer: Enforcer): { counted: Enforcer; given: string[] } {
  const given: string[] = [];
  const counted: Enforcer = {
    name: enforcer.name,
    lapses: enforcer.lapses,
    maxBansAtOnce: enforcer.maxBansAtOnce,
    check: (signal) => enforcer.check(signal),
    list: (signal) => enforcer.list(signal),
    apply(bans, signal) {
      given.push(...bans.map(({ address }) => address));
      return enforcer.apply(bans, signal);
    },
    lift(bans: readonly HostBan[], signal) {
      given.push(...bans.map(({ address }) => address));
      return enforcer.lift(bans, signal);
    },
  };
  return { counted, given };
}

/**
 * Runs an action until every ban is in force. @returns The duration in seconds.
 */
async function runUntilInForce(
  enforcer: Enforcer,
  ledger: SqliteLedger,
  events: readonly BanEvent[],
): Promise<number> {
  const abort = new AbortController();
  const clock = new SteadyClock(new SystemClock());
  const log = new MemoryLog();
  const [hostName, jailMap] = [host("here"), []];
  const rules = { minPrefix4Bits: 24, minPrefix6Bits: 48, allowPrivate: true };
  const action = new EnforcedAction({
    enforcer,
    desired: new DesiredReports({ hostName, jailMap, banTimeMs: HOUR_MS }),
    ledger,
    clock,
    log,
    hostName,
    jailMap,
    protection: new UpdateProtection({
      policy: () => rules,
      receipts: { add: () => {} },
      clock,
      log,
    }),
    resyncEveryMs: HOUR_MS,
  });
  const startMs = performance.now();
  const running = action.run(abort.signal);
  await action.act(events, NEVER);
  await waitUntil(() => {
    const { inForce, waiting } = action.figures;
    return inForce === BANS && waiting === 0;
  }, { what: `${BANS} bans in force`, timeoutMs: 60_000, intervalMs: 5 });
  const seconds = (performance.now() - startMs) / 1_000;
  abort.abort();
  await running;
  return seconds;
}

/** Measures and prints. */
export async function benchRestart(): Promise<void> {
  if (!isInstalled("netns") || !isInstalled("nftables")) {
    printTable("a restart", [["not measured: it takes root and nft"]]);
    return;
  }
  const folder = await Deno.makeTempDir();
  try {
    await using nftHost = await NftHost.create();
    using ledger = new SqliteLedger(ledgerPath(folder));
    const events = Array.from({ length: BANS }, (_, index): BanEvent => ({
      kind: "ban",
      origin: host("web-1"),
      jail: jail("sshd"),
      address: address(addressAt(index)),
    }));
    const first = await runUntilInForce(nftHost.enforcer(), ledger, events);
    const lost = ledger.load("nftables").reports.slice(0, LOST);
    await nftHost.enforcer().lift(lost, NEVER);
    const { counted, given } = counting(nftHost.enforcer());
    const again = await runUntilInForce(counted, ledger, []);
    printTable(`a subscriber with ${BANS} bans in nftables`, [
      ["from nothing to all in force", `${first.toFixed(2)} s`],
      [
        "started again to all in force",
        `${again.toFixed(2)} s`,
        `${given.length} bans given to nft; ${LOST} were missing`,
      ],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await benchRestart();
