import { scaled } from "../host/deadline.ts";
import type { ChildProcess } from "../host/child_process.ts";
import type { Fail2banServer } from "./fail2ban_server.ts";
import { heard } from "../cluster/role_output.ts";
import type { RoleName, TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** Values of a monitor's section. */
export type MonitorOptions = Readonly<Record<string, string | number>>;

/** How long an unban waits for signs of a restart: those of a slow machine come later. */
const UNBAN_HOLD_S = Math.ceil(scaled(1_000) / 1_000);

/** What a monitor needs to ask a fail2ban's database. */
export function withDatabase(server: Fail2banServer): MonitorOptions {
  return { fail2bandb: server.databasePath };
}

/** What a monitor needs to do without. */
export function withoutDatabase(): MonitorOptions {
  return { fail2bandb: "none", unbanhold: UNBAN_HOLD_S };
}

/** What a monitor has to do with that was given a file which fail2ban left behind. */
export function withStaleDatabase(server: Fail2banServer): MonitorOptions {
  const path = `${server.databasePath}.stale`;
  Deno.copyFileSync(server.databasePath, path);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  Deno.utimeSync(path, anHourAgo, anHourAgo);
  return { fail2bandb: path, unbanhold: UNBAN_HOLD_S };
}

/** A monitor beside fail2ban on host A, a publisher, a subscriber on host B. */
export async function startRoles(
  cluster: TestCluster,
  server: Fail2banServer,
  monitor: MonitorOptions,
): Promise<{ subscriber: ChildProcess; probes: string[] }> {
  await cluster.addHost("host-a", { monitor });
  for (const host of ["host-b", "hub"]) await cluster.addHost(host);
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-a");
  const probes = await probe(server, () => heard(subscriber).length > 0);
  return { subscriber, probes };
}

/** Bans until a subscriber hears it: a subscription takes a moment to arrive. */
export async function probe(
  server: Fail2banServer,
  isHeard: () => boolean | Promise<boolean>,
): Promise<string[]> {
  const probes: string[] = [];
  await waitUntil(async () => {
    const address = `198.51.100.${probes.length + 1}`;
    await server.client("set", "sshd", "banip", address);
    probes.push(address);
    return await isHeard();
  }, { what: "the first ban at host B", intervalMs: 100 });
  return probes;
}

/** Starts a program whose own log goes to a file, and waits until it is ready. */
export async function startLoggingTo(
  path: string,
  cluster: TestCluster,
  role: RoleName,
  host: string,
): Promise<void> {
  const child = cluster.spawn(role, host, "run");
  await waitUntil(async () => {
    if (child.hasEnded) throw new Error(child.stderr.join("\n"));
    return (await Deno.readTextFile(path))
      .includes(` fail2ban-${role}[${child.pid}]: INFO: ready`);
  }, { what: `${role} of ${host}`, timeoutMs: 15_000 });
}

/** What the subscriber wrote into a log that others write to as well. */
export function broadcasts(log: string): string[] {
  return log.split("\n").flatMap((line) =>
    / fail2ban-zmq-tools Subscriber: Got broadcast message: (.*)$/.exec(line)
      ?.[1] ?? []
  );
}

/** Waits until a line is among those that were written. */
export async function waitFor(
  lines: () => readonly string[] | Promise<readonly string[]>,
  line: string,
): Promise<void> {
  await waitUntil(async () => (await lines()).includes(line), {
    what: line,
    timeoutMs: 10_000,
  });
}

/** Bans and lifts by hand at host A, and waits for the messages at host B. */
export async function banAndUnban(
  server: Fail2banServer,
  subscriber: ChildProcess,
  address: string,
): Promise<string[]> {
  const messages: string[] = [];
  for (const [verb, action] of [["banip", "Ban"], ["unbanip", "Unban"]]) {
    const message = `host-a|sshd|${action}|${address}`;
    await server.client("set", "sshd", `${verb}`, address);
    await waitFor(() => heard(subscriber), message);
    messages.push(message);
  }
  return messages;
}
