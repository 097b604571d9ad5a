/**
 * `deno task demo`: one ban on its way from one host to another, on loopback,
 * with real programs, and with a real fail2ban on both hosts where one is
 * installed.
 *
 * @module
 */

import {
  appendLog,
  banLine,
  unbanLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import {
  type Fail2banServer,
  startFail2ban,
} from "../tests/support/fail2ban/fail2ban_server.ts";
import { bytes, RawClient } from "../tests/support/cluster/raw_client.ts";
import { isInstalled } from "../tests/support/host/real_parts.ts";
import { TestCluster } from "../tests/support/cluster/test_cluster.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";

const ATTACKER = "203.0.113.7";
const LOOK_EVERY_MS = 2;

/** What fail2ban decides. */
type Verb = "Ban" | "Unban";

/** A line that is waited for: where it comes, what it holds, how it is told. */
interface Station {
  readonly host: string;
  readonly lines: () => readonly string[] | Promise<readonly string[]>;
  readonly pattern: RegExp;
  readonly told: string;
}

/** The fail2ban of both hosts. */
interface Fail2bans {
  readonly about: string;
  /** The log and the database of host A's fail2ban. */
  readonly monitor: { fail2banlogpath: string; fail2bandb: string };
  /** Decides on host A. @returns When its line was written, in milliseconds since 1970. */
  readonly decide: (verb: Verb) => Promise<number>;
  /** What host B's fail2ban does about it. */
  readonly afterwards: (verb: Verb) => readonly Station[];
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

async function readLines(path: string): Promise<string[]> {
  try {
    return (await Deno.readTextFile(path)).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function tell(afterMs: number, host: string, text: string): void {
  say(`  ${`+${afterMs} ms`.padStart(8)}  ${host.padEnd(6)}  ${text}`);
}

/** Real ones, each in a folder of its own. */
async function realFail2bans(
  cluster: TestCluster,
  messages: string,
  held: AsyncDisposableStack,
): Promise<Fail2bans> {
  const dir = `${cluster.dir}/fail2ban`;
  const [a, b] = await Promise.all([
    startFail2ban({ dir: `${dir}-a`, jails: { sshd: {} } }),
    startFail2ban({ dir: `${dir}-b`, clusterJail: { logpath: messages } }),
  ]);
  held.use(a);
  held.use(b);
  return {
    about: "with a real fail2ban on both hosts",
    monitor: { fail2banlogpath: a.logPath, fail2bandb: a.databasePath },
    decide: (verb) => decide(a, verb),
    afterwards: (verb) =>
      verb === "Unban" ? [] : [{
        host: "host-b",
        lines: () => readLines(b.logPath),
        pattern: new RegExp(`\\[fail2bancluster\\] Ban ${ATTACKER}$`),
        told: `fail2ban writes: [fail2bancluster] Ban ${ATTACKER}`,
      }],
  };
}

async function decide(fail2ban: Fail2banServer, verb: Verb): Promise<number> {
  await fail2ban.client("set", "sshd", `${verb.toLowerCase()}ip`, ATTACKER);
  const pattern = new RegExp(
    `^(\\S+) (\\S+),(\\d+) .*\\[sshd\\] ${verb} ${ATTACKER}$`,
  );
  return await waitUntil(async () => {
    for (const line of await readLines(fail2ban.logPath)) {
      const [, day, time, ms] = pattern.exec(line) ?? [];
      if (day !== undefined) return Date.parse(`${day}T${time}.${ms}`);
    }
    return undefined;
  }, { what: `fail2ban's ${verb}`, intervalMs: LOOK_EVERY_MS });
}

/** The lines that one would write. */
function writtenLines(cluster: TestCluster): Fail2bans {
  const path = `${cluster.dir}/fail2ban.log`;
  return {
    about: "with fail2ban's log lines, as no fail2ban is installed",
    monitor: { fail2banlogpath: path, fail2bandb: "none" },
    decide: async (verb) => {
      const line = verb === "Ban" ? banLine : unbanLine;
      const writtenMs = Date.now();
      await appendLog(path, line("sshd", ATTACKER));
      return writtenMs;
    },
    afterwards: () => [],
  };
}

/** Starts the three programs; gives what a ban passes on its way. */
async function startPrograms(
  cluster: TestCluster,
  messages: string,
  monitorSettings: Fail2bans["monitor"],
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
        pattern: new RegExp(`reporting ${kind} .*${ATTACKER}`),
        told: "fail2ban-monitor reports it",
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

/** Nothing tells that a subscription has arrived, but a message that comes. */
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

/** Shows a decision at each station, with its time since fail2ban wrote it. */
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
    const fail2bans = isInstalled("fail2ban")
      ? await realFail2bans(cluster, messages, held)
      : writtenLines(cluster);
    const stations = await startPrograms(cluster, messages, fail2bans.monitor);
    say(`three programs on loopback, ${fail2bans.about}`);
    for (const verb of ["Ban", "Unban"] as const) {
      await show(verb, fail2bans.decide(verb), [
        ...stations(verb),
        ...fail2bans.afterwards(verb),
      ]);
    }
  }
  const seconds = (performance.now() - startedMs) / 1_000;
  say(`\neverything is stopped and removed, after ${seconds.toFixed(1)} s`);
}

if (import.meta.main) await demo();
