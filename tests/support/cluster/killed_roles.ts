/**
 * Kills programs repeatedly while a log grows.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { ExecEffects } from "../enforce/exec_effects.ts";
import {
  appendLog,
  banLine,
  testAddress,
  unbanLine,
} from "../fail2ban/fail2ban_lines.ts";
import { heard } from "./role_output.ts";
import { SeededRandom } from "../values/seeded_random.ts";
import { pass } from "../host/side_by_side.ts";
import { copysBans, history, publishersBans } from "../store/stored_tables.ts";
import { report, tally } from "../bench/tally.ts";
import { type RoleName, TestCluster } from "./test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** Number of kills of each program. */
export const KILLS = 50;
/** Maximum life of a ready program, in milliseconds. */
const LIFE_MS = 500;
/** Batch size of an exec action: as many calls may be repeated after a kill. */
const AT_ONCE = 16;
const HEAL_MS = 60_000;

/** Writes the monitor's log. */
class Writer {
  readonly lines: string[] = [];
  readonly #log: string;
  readonly #random: SeededRandom;
  readonly #active: string[] = [];
  #next = 0;

  constructor(log: string, random: SeededRandom) {
    this.#log = log;
    this.#random = random;
  }

  /** The addresses that the log bans. */
  get active(): string[] {
    return [...this.#active].sort();
  }

  /** Writes until aborted; in alternate two-second periods also unbans. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const mayLift = Date.now() % 4_000 < 2_000 && this.#active.length > 5;
      const lifts = mayLift && this.#random.below(4) < 1;
      await appendLog(this.#log, lifts ? this.#unban() : this.#ban());
      await pass(this.#random.below(40));
    }
  }

  #ban(): string {
    const address = testAddress(this.#next++);
    this.#active.push(address);
    this.lines.push(`report ${address} host-a`);
    return banLine("sshd", address);
  }

  #unban(): string {
    const at = Math.floor(this.#random.below(this.#active.length));
    const [address = ""] = this.#active.splice(at, 1);
    this.lines.push(`withdraw ${address} host-a`);
    return unbanLine("sshd", address);
  }
}

/** Starts and kills a program repeatedly, then leaves it running. */
async function killOften(
  cluster: TestCluster,
  [role, host]: readonly [RoleName, string],
  random: SeededRandom,
): Promise<{ readonly kills: number; readonly unready: number }> {
  let unready = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const isEarly = random.below(5) < 1;
    if (isEarly) {
      const child = cluster.spawn(role, host, "run");
      await pass(random.below(LIFE_MS));
      await child.end("SIGKILL");
      unready++;
    } else {
      const child = await cluster.start(role, host);
      await pass(random.below(LIFE_MS));
      strictEqual((await child.end("SIGKILL")).signal, "SIGKILL");
    }
  }
  await cluster.start(role, host);
  return { kills: KILLS, unready };
}

/**
 * Kills monitor, publisher and subscriber repeatedly at the same time; then
 * checks everything.
 */
export async function killEachRole(): Promise<void> {
  const random = new SeededRandom();
  report("kill -9", { seed: random.seed });
  await using cluster = await TestCluster.create({ protocol: 2 });
  const effects = await ExecEffects.of(cluster, "host-b");
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: { bantime: "1h" } });
  await cluster.addHost("host-b", effects.sections);
  await cluster.addHost("host-c");
  const log = cluster.logPath("host-a");
  await appendLog(log, "");
  // At its first start a monitor stores the log's end as its position.
  await (await cluster.start("monitor", "host-a")).end();
  const witness = await cluster.start("subscriber", "host-c");
  const writer = new Writer(log, random);
  const stop = new AbortController();
  const writing = writer.run(stop.signal);
  const roles = [
    ["monitor", "host-a"],
    ["publisher", "hub"],
    ["subscriber", "host-b"],
  ] as const;
  const startMs = performance.now();
  const killed = await Promise.all(
    roles.map((each) => killOften(cluster, each, random)),
  ).finally(() => stop.abort());
  await writing;
  const killingMs = Math.round(performance.now() - startMs);
  const { active, lines } = writer;

  await waitUntil(() => history(cluster).length >= lines.length, {
    what: "every event in the publisher's store",
    timeoutMs: HEAL_MS,
    intervalMs: 100,
  });
  for (const host of ["host-b", "host-c"]) {
    await waitUntil(() => String(copysBans(cluster, host)) === String(active), {
      what: `the copy of ${host}`,
      timeoutMs: HEAL_MS,
      intervalMs: 100,
    });
  }
  const applied = await waitUntil(async () => {
    const now = await effects.now();
    return String(now.inForce) === String(active) && now;
  }, { what: "what is in force", timeoutMs: HEAL_MS, intervalMs: 100 });

  const stored = history(cluster);
  report("kills", {
    ms: killingMs,
    ...Object.fromEntries(
      roles.map(([role], at) => [role, killed[at]?.kills ?? 0]),
    ),
    beforeReady: killed.reduce((sum, { unready }) => sum + unready, 0),
  });
  report("events in the publisher's store", tally(lines, stored));
  const words = heard(witness).map(asChange);
  report("at the subscriber that was not killed", tally(lines, words));
  report("at the subscriber that was killed", {
    active: active.length,
    inForce: applied.inForce.length,
    calls: applied.calls,
    repeated: applied.repeated,
  });
  deepStrictEqual([...stored].sort(), [...lines].sort());
  deepStrictEqual(publishersBans(cluster), active);
  strictEqual(tally(lines, words).doubled, 0);
  ok(applied.repeated <= KILLS * AT_ONCE);
}

/**
 * A message such as `host-a|sshd|Ban|192.0.2.1` in the format of the
 * publisher's history.
 */
function asChange(message: string): string {
  const [origin, , action, address] = message.split("|");
  return `${action === "Ban" ? "report" : "withdraw"} ${address} ${origin}`;
}
