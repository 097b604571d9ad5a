/**
 * Bans through fail2ban: many at once through its socket, compared with one
 * call of `fail2ban-client` per ban.
 *
 * @module
 */

import { CLUSTER_JAIL } from "../lib/base/jail_name.ts";
import { Fail2banEnforcer } from "../lib/enforce/fail2ban_enforcer.ts";
import { Fail2banProcess } from "../lib/fail2ban/io/fail2ban_process.ts";
import { Fail2banSocket } from "../lib/fail2ban/io/fail2ban_socket.ts";
import { SystemClock } from "../lib/async/io/system_clock.ts";
import { SteadyClock } from "../lib/async/steady_clock.ts";
import type { Fail2banClient } from "../lib/fail2ban/ports.ts";
import { ban } from "../tests/support/enforce/enforcer_setup.ts";
import { testAddress } from "../tests/support/fail2ban/fail2ban_lines.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../tests/support/fail2ban/fail2ban_server.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { median, percentile, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const BANS = sized(10_000, 500);
/** Number of calls of fail2ban-client; the total is extrapolated. */
const CALLS = sized(100, 3);
const RUNS = sized(3, 1);
const SIGNAL = new AbortController().signal;

/** Measures and prints. */
export async function benchFail2ban(): Promise<void> {
  if (!isInstalled("fail2ban")) {
    printTable("bans through fail2ban", [["fail2ban is not installed"]]);
    return;
  }
  const folder = await Deno.makeTempDir();
  try {
    await using server = await startFail2ban({
      dir: folder,
      // No action: the firewall's costs do not matter here.
      jails: { [CLUSTER_JAIL]: { action: "", bantime: "1d" } },
    });
    const seconds: number[] = [];
    const partsMs: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      seconds.push(await viaSocket(server, partsMs));
      await server.client("unban", "--all");
    }
    const callMs = await viaClient(server);
    printFigures(median(seconds), partsMs, callMs);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * Makes all bans as the subscriber does. @returns Their duration in seconds.
 */
async function viaSocket(
  { socketPath: path }: Fail2banServer,
  partsMs: number[],
): Promise<number> {
  await using client = new Fail2banSocket({ path });
  const enforcer = enforcerWith(client);
  await enforcer.check(SIGNAL);
  const startMs = performance.now();
  for (let start = 0; start < BANS; start += enforcer.maxBansAtOnce) {
    const partMs = performance.now();
    await apply(
      enforcer,
      start,
      Math.min(BANS, start + enforcer.maxBansAtOnce),
    );
    partsMs.push(performance.now() - partMs);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  const listed = await enforcer.list(SIGNAL);
  if (listed.length !== BANS) throw new Error(`${listed.length} are listed`);
  return seconds;
}

/** Makes some bans, one process each. @returns Milliseconds per ban. */
async function viaClient({ socketPath }: Fail2banServer): Promise<number> {
  await using client = new Fail2banProcess({ socketPath });
  const callsMs: number[] = [];
  for (let at = 0; at < CALLS; at++) {
    const startMs = performance.now();
    const words = ["set", CLUSTER_JAIL, "banip", testAddress(at)];
    const reply = await client.command(words, SIGNAL);
    if (reply.kind !== "done") throw new Error(JSON.stringify(reply));
    callsMs.push(performance.now() - startMs);
  }
  return callsMs.reduce((sum, ms) => sum + ms, 0) / CALLS;
}

function enforcerWith(client: Fail2banClient): Fail2banEnforcer {
  const clock = new SystemClock();
  return new Fail2banEnforcer({
    client,
    clock: new SteadyClock(clock),
    jails: [CLUSTER_JAIL],
  });
}

async function apply(
  enforcer: Fail2banEnforcer,
  start: number,
  end: number,
): Promise<void> {
  const indices = Array.from({ length: end - start }, (_, at) => start + at);
  const bans = indices.map((index) => ban(testAddress(index)));
  const failures = await enforcer.apply(bans, SIGNAL);
  if (failures.length > 0) throw new Error(failures[0]?.reason);
}

function printFigures(
  seconds: number,
  partsMs: readonly number[],
  callMs: number,
): void {
  const sorted = partsMs.toSorted((left, right) => left - right);
  const clientSeconds = callMs * BANS / 1_000;
  printTable(
    `${BANS} bans through fail2ban, in a jail without an action (median of ${RUNS} runs)`,
    [
      ["socket, 20 at once", `${seconds.toFixed(1)} s`],
      [
        "  fail2ban is busy at a time",
        `${percentile(sorted, 50).toFixed(1)} ms, at most ${
          percentile(sorted, 100).toFixed(0)
        } ms`,
      ],
      [
        "fail2ban-client, one each",
        `${clientSeconds.toFixed(0)} s`,
        `(${CALLS} calls of ${callMs.toFixed(0)} ms)`,
      ],
      ["ratio", `${(clientSeconds / seconds).toFixed(0)} times`],
    ],
  );
}

if (import.meta.main) await benchFail2ban();
