import { scaled } from "../host/deadline.ts";
import type { ChildProcess } from "../host/child_process.ts";
import type { Fail2banServer } from "./fail2ban_server.ts";
import { heard } from "../cluster/role_output.ts";
import type { RoleName, TestCluster } from "../cluster/test_cluster.ts";
import { waitUntil } from "../host/wait_until.ts";

/** Values of a monitor's section. */
export type MonitorOptions = Readonly<Record<string, string | number>>;

/**
 * Time that an unban waits for signs of a restart; longer on a slow machine.
 */
const UNBAN_HOLD_S = Math.ceil(scaled(1_000) / 1_000);

/** Settings of a monitor that uses fail2ban's database. */
export function withDatabase(server: Fail2banServer): MonitorOptions {
  return { fail2bandb: server.databasePath };
}

/** Settings of a monitor without the database. */
export function withoutDatabase(): MonitorOptions {
  return { fail2bandb: "none", unbanhold: UNBAN_HOLD_S };
}

/** Settings of a monitor with an outdated copy of the database. */
export function withStaleDatabase(server: Fail2banServer): MonitorOptions {
  const path = `${server.databasePath}.stale`;
  Deno.copyFileSync(server.databasePath, path);
  const anHourAgo = new Date(Date.now() - 3_600_000);
  Deno.utimeSync(path, anHourAgo, anHourAgo);
  return { fail2bandb: path, unbanhold: UNBAN_HOLD_S };
}

/**
 * Starts a monitor beside fail2ban on host A, a publisher, and a subscriber on
 * host B.
 */
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

/** Bans until a subscriber receives it: a subscription needs a moment. */
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

/** Starts a program that logs to a file, and waits until it is ready. */
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

/** The subscriber's lines in a log that others also write. */
export function broadcasts(log: string): string[] {
  return log.split("\n").flatMap((line) =>
    / fail2ban-zmq-tools Subscriber: Got broadcast message: (.*)$/.exec(line)
      ?.[1] ?? []
  );
}

/** Waits for a line. */
export async function waitFor(
  lines: () => readonly string[] | Promise<readonly string[]>,
  line: string,
): Promise<void> {
  await waitUntil(async () => (await lines()).includes(line), {
    what: line,
    timeoutMs: 10_000,
  });
}

/** Bans and unbans by hand on host A, and waits for the messages on host B. */
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
