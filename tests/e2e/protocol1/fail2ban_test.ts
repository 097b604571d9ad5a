import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { ChildProcess } from "../../support/host/child_process.ts";
import {
  broadcasts,
  probe,
  startLoggingTo,
  waitFor,
  withDatabase,
} from "../../support/fail2ban/fail2ban_hosts.ts";
import {
  type Fail2banServer,
  findBans,
  startFail2ban,
} from "../../support/fail2ban/fail2ban_server.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";

const TARGETS = ["192.0.2.7", "2001:db8::7", "192.0.2.128/25"] as const;

testWith(
  "fail2ban",
  "a ban on host A is a ban on host B, which does not report it again",
  async () => {
    await using cluster = await TestCluster.create();
    const authLog = await makeLog(`${cluster.dir}/host-b`);
    await using a = await startFail2ban({
      dir: `${cluster.dir}/host-a`,
      jails: { sshd: {} },
    });
    await using b = await startFail2ban({
      dir: `${cluster.dir}/host-b`,
      jails: { sshd: {} },
      clusterJail: { logpath: authLog },
    });
    const publisher = await startBothWays(cluster, a, authLog);
    const received = async () => broadcasts(await Deno.readTextFile(authLog));
    const probes = await probe(a, async () => (await received()).length > 0);

    const asked = performance.now();
    strictEqual(await a.client("set", "sshd", "banip", ...TARGETS), "3");
    await waitFor(received, "host-a|sshd|Ban|192.0.2.128/25");
    const receivedMs = performance.now() - asked;
    await waitFor(() => b.acted(), "ban fail2bancluster 192.0.2.128/25");
    report("from banip on host A", {
      "to the line on host B": `${Math.round(receivedMs)} ms`,
      "to the ban on host B": `${Math.round(performance.now() - asked)} ms`,
    });
    await checkBanned(b, authLog, probes);

    strictEqual(await a.client("set", "sshd", "unbanip", TARGETS[0]), "1");
    await waitFor(received, `host-a|sshd|Unban|${TARGETS[0]}`);

    strictEqual(await b.client("set", "sshd", "banip", "198.51.100.200"), "1");
    await publisher.waitForLine(/: relaying .* address=198\.51\.100\.200$/);
    deepStrictEqual(
      publisher.stderr.filter((line) => line.includes("node=host-b"))
        .map((line) => line.replace(/^.*: relaying /, "")),
      ["ban node=host-b jail=sshd address=198.51.100.200"],
    );
  },
);

/** fail2ban reads a log from its start on only if it is there. */
async function makeLog(dir: string): Promise<string> {
  await Deno.mkdir(dir);
  await Deno.writeTextFile(`${dir}/auth.log`, "");
  return `${dir}/auth.log`;
}

/** Monitors on both hosts, a subscriber on host B that logs to `authLog`. */
async function startBothWays(
  cluster: TestCluster,
  a: Fail2banServer,
  authLog: string,
): Promise<ChildProcess> {
  await cluster.addHost("host-a", { monitor: withDatabase(a) });
  await cluster.addHost("host-b", { general: { logtarget: authLog } });
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  await startLoggingTo(authLog, cluster, "subscriber", "host-b");
  await startLoggingTo(authLog, cluster, "monitor", "host-b");
  await cluster.start("monitor", "host-a");
  return publisher;
}

/** Whom the jail fail2bancluster banned, by its action, its status and fail2ban-regex. */
async function checkBanned(
  server: Fail2banServer,
  authLog: string,
  probes: readonly string[],
): Promise<void> {
  const banned = (await server.acted())
    .map((line) => line.replace(/^ban fail2bancluster /, ""));
  deepStrictEqual(banned.filter((text) => !probes.includes(text)), [
    ...TARGETS,
  ]);
  const status = await server.client("status", "fail2bancluster");
  const [, listed = ""] = /Banned IP list:\s*(.*)$/.exec(status) ?? [];
  deepStrictEqual(listed.split(" ").sort(), banned.toSorted());
  deepStrictEqual(await findBans(authLog), banned);
}
