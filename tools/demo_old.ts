/**
 * `deno task demo:old`: shows one ban from host to host by protocol 1, on
 * loopback, with real programs, and with a real fail2ban on both hosts where
 * one is installed.
 *
 * @module
 */

import { appendLog } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { startFail2ban } from "../tests/support/fail2ban/fail2ban_server.ts";
import { bytes, RawClient } from "../tests/support/cluster/raw_client.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";
import {
  type Decider,
  LOOK_EVERY_MS,
  startDecider,
  type Verb,
} from "./demo/deciding.ts";
import { leaveNothing, readLines, say, tell } from "./demo/telling.ts";

const ATTACKER = "203.0.113.7";

/**
 * An expected line: where it appears, what it contains, and how it is
 * described.
 */
interface Station {
  readonly host: string;
  readonly lines: () => readonly string[] | Promise<readonly string[]>;
  readonly pattern: RegExp;
  readonly told: string;
}

/** What host B's fail2ban does after a decision. */
type Afterwards = (verb: Verb) => readonly Station[];

/**
 * Starts a real fail2ban on host B that reads the subscriber's log, if one is
 * installed.
 */
async function startReader(
  dir: string,
  messages: string,
  held: AsyncDisposableStack,
): Promise<Afterwards> {
  if (!isInstalled("fail2ban")) return () => [];
  const clusterJail = { logpath: messages };
  const server = held.use(await startFail2ban({ dir, clusterJail }));
  return (verb) =>
    verb === "Unban" ? [] : [{
      host: "host-b",
      lines: () => readLines(server.logPath),
      pattern: new RegExp(`\\[fail2bancluster\\] Ban ${ATTACKER}$`),
      told: `fail2ban writes: [fail2bancluster] Ban ${ATTACKER}`,
    }];
}

/** Starts the three programs; returns the stations of a ban. */
async function startPrograms(
  cluster: TestCluster,
  messages: string,
  monitorSettings: Decider["monitor"],
): Promise<(verb: Verb) => readonly Station[]> {
  await cluster.addHost("hub");
  await cluster.addHost("host-a", { monitor: monitorSettings });
  await cluster.addHost("host-b", { general: { logtarget: messages } });
  const publisher = await cluster.start("publisher", "hub");
  const monitor = await cluster.start("monitor", "host-a");
  cluster.spawn("subscriber", "host-b", "run");
  await waitSubscribed(cluster, messages);
  return (verb) => {
    const kind = verb.toLowerCase();
    const message = `host-a|sshd|${verb}|${ATTACKER}`;
    return [
      {
        host: "host-a",
        lines: () => monitor.stderr,
        pattern: new RegExp(`reported ${kind} .*${ATTACKER}`),
        told: "fail2ban-monitor has it acknowledged",
      },
      {
        host: "hub",
        lines: () => publisher.stderr,
        pattern: new RegExp(`relaying ${kind} .*${ATTACKER}`),
        told: "fail2ban-publisher relays it",
      },
      {
        host: "host-b",
        lines: () => readLines(messages),
        pattern: new RegExp(`message: ${RegExp.escape(message)}$`),
        told: `fail2ban-subscriber logs: ... message: ${message}`,
      },
    ];
  };
}

/**
 * Sends messages until one arrives: nothing else shows that a subscription is
 * active.
 */
async function waitSubscribed(
  cluster: TestCluster,
  messages: string,
): Promise<void> {
  await using client = new RawClient(cluster.replyUrl);
  const probe = bytes(`${cluster.token}|probe|probe|Unban|203.0.113.1`);
  await waitUntil(async () => {
    await client.request(probe);
    await client.reply();
    return (await readLines(messages)).some((line) => /probe/.test(line));
  }, { what: "the subscriber", timeoutMs: 10_000, intervalMs: 20 });
}

/** Prints a decision at each station, with the time since fail2ban wrote it. */
async function show(
  verb: Verb,
  decided: Promise<number>,
  stations: readonly Station[],
): Promise<void> {
  const arrivals = stations.map(async ({ host, lines, pattern, told }) => {
    await waitUntil(
      async () => (await lines()).some((line) => pattern.test(line)),
      { what: told, intervalMs: LOOK_EVERY_MS },
    );
    return { host, told, atMs: Date.now() };
  });
  const [startMs, ...arrived] = await Promise.all([decided, ...arrivals]);
  say(`\n${verb} ${ATTACKER}`);
  tell(0, "host-a", `fail2ban writes: [sshd] ${verb} ${ATTACKER}`);
  for (const { host, told, atMs } of arrived) tell(atMs - startMs, host, told);
}

async function demo(): Promise<void> {
  const startedMs = performance.now();
  {
    await using held = new AsyncDisposableStack();
    const cluster = held.use(await TestCluster.create());
    const messages = `${cluster.dir}/messages.log`;
    await appendLog(messages, "");
    const dir = `${cluster.dir}/fail2ban`;
    const [decider, afterwards] = await Promise.all([
      startDecider(`${dir}-a`, held),
      startReader(`${dir}-b`, messages, held),
    ]);
    const stations = await startPrograms(cluster, messages, decider.monitor);
    say(`three programs on loopback, with ${decider.about}`);
    for (const verb of ["Ban", "Unban"] as const) {
      await show(verb, decider.decide(verb, ATTACKER), [
        ...stations(verb),
        ...afterwards(verb),
      ]);
    }
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  say(`\neverything is stopped and removed, after ${seconds.toFixed(1)} s`);
}

if (import.meta.main) await leaveNothing(demo);
