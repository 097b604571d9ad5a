import { membershipPath } from "../../../lib/members/io/secret_file.ts";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  ALLOWLIST_FORM,
  allowlistAt,
} from "../../../lib/protection/allowlist.ts";
import {
  ActingNodes,
  banned,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { address } from "../../support/values/core_values.ts";
import { appendLog } from "../../support/fail2ban/fail2ban_lines.ts";
import { operate } from "../../support/cluster/operator.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { history } from "../../support/store/stored_tables.ts";
import { report } from "../../support/bench/tally.ts";
import {
  type RoleName,
  TestCluster,
} from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { scaled } from "../../support/host/deadline.ts";

const CUSTOMER = "203.0.113.7";
const AROUND = "203.0.113.0/25";
const ATTACKER = "198.51.100.9";
const HOSTS = ["host-a", "host-b", "host-c"];

/** Reports a ban by protocol 1. @returns Whether it was taken. */
async function reports(cluster: TestCluster, whom: string): Promise<boolean> {
  await using client = new RawClient(cluster.replyUrl);
  const message = `old-host|sshd|Ban|${whom}`;
  await client.request(bytes(`${cluster.token}|${message}`));
  const reply = await client.reply();
  ok(reply === message || reply === "NAK", reply);
  return reply === message;
}

/** Waits until a program goes by so many networks of the allowlist. */
async function waitAllowed(
  cluster: TestCluster,
  [role, host]: readonly [RoleName, string],
  networks: number,
  timeoutMs = 15_000,
): Promise<void> {
  await waitUntil(
    async () => (await cluster.peek(role, host))?.["allowed"] === networks,
    {
      what: `${networks} networks at the ${role} of ${host}`,
      timeoutMs,
    },
  );
}

testWith(
  "fail2ban",
  "allow add lifts a standing ban on three hosts, and what is around it, and nobody bans it again, by either protocol",
  async () => {
    await using nodes = await ActingNodes.start({ hosts: HOSTS, protocol: 2 });
    const { cluster } = nodes;
    const [a, b, c] = HOSTS.map((host) => nodes.node(host).fail2ban);
    ok(a && b && c);
    await a.client("set", "sshd", "banip", CUSTOMER, AROUND, ATTACKER);
    for (const other of [b, c]) {
      await waitBanned(other, [CUSTOMER, AROUND, ATTACKER]);
    }
    const started = performance.now();
    await operate(cluster, `allow add ${CUSTOMER} --note customer`);
    const said = performance.now();
    for (const other of [b, c]) {
      await waitBanned(other, [ATTACKER], { timeoutMs: 5_000 });
    }
    report("from the command's end to the lifts on B and C", {
      after: `${Math.round(performance.now() - said)} ms`,
      command: `${Math.round(said - started)} ms`,
    });
    deepStrictEqual(
      history(cluster).filter((each) => each.startsWith("lift")).sort(),
      [`lift ${AROUND} hub`, `lift ${CUSTOMER} hub`],
    );

    strictEqual(await reports(cluster, CUSTOMER), false);
    await nodes.publisher.waitForLine(
      /reason=protected .*203\.0\.113\.7 from old-host: allowlist/,
    );
    // The monitor of B goes by the list as well.
    await waitAllowed(cluster, ["monitor", "host-b"], 1);
    await b.client("set", "sshd", "banip", CUSTOMER);
    await nodes.node("host-b").monitor.waitForLine(
      /203\.0\.113\.7.*rule=allowlist/,
    );
    deepStrictEqual(await banned(c), [ATTACKER]);

    await operate(cluster, `allow remove ${CUSTOMER}`);
    await waitAllowed(cluster, ["publisher", "hub"], 0);
    strictEqual(await reports(cluster, CUSTOMER), true);
    await waitBanned(c, [ATTACKER, CUSTOMER]);
  },
);

Deno.test("an entry for some seconds ends by itself, at the publisher and at every node", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  await appendLog(cluster.logPath("host-b"), "");
  await cluster.start("publisher", "hub");
  const subscriber = await cluster.start("subscriber", "host-b");
  await cluster.start("monitor", "host-b");
  // Long enough to be seen by all of them.
  const seconds = Math.ceil(scaled(15_000) / 1_000);
  await operate(cluster, `allow add ${CUSTOMER} --for ${seconds}s`);
  const programs = [
    ["publisher", "hub"],
    ["subscriber", "host-b"],
    ["monitor", "host-b"],
  ] as const;
  for (const program of programs) await waitAllowed(cluster, program, 1);
  strictEqual(await reports(cluster, CUSTOMER), false);
  for (const program of programs) {
    await waitAllowed(cluster, program, 0, seconds * 1_000 + 15_000);
  }
  strictEqual(await reports(cluster, CUSTOMER), true);
  await waitUntil(() => heard(subscriber).length > 0, { what: "the ban" });
  deepStrictEqual(heard(subscriber), [`old-host|sshd|Ban|${CUSTOMER}`]);
});

testWith(
  "fail2ban",
  "a subscriber that is started while the publisher is away goes by the list of its disk, and lifts what that covers",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      protocol: 2,
    });
    const { cluster } = nodes;
    const [a, b] = ["host-a", "host-b"].map((host) =>
      nodes.node(host).fail2ban
    );
    ok(a && b);
    await operate(cluster, `allow add ${CUSTOMER}`);
    await waitAllowed(cluster, ["subscriber", "host-b"], 1);
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    const path = `${cluster.stateDir("host-b")}/allowlist.json`;
    const kept = async () =>
      ALLOWLIST_FORM.decode(await Deno.readTextFile(path));
    await waitUntil(async () => (await kept()).ignore.length === 1, {
      what: "the list on the disk",
    });

    strictEqual((await nodes.publisher.end()).code, 0);
    await nodes.node("host-b").subscriber.end();
    await nodes.startSubscriber("host-b");
    await waitAllowed(cluster, ["subscriber", "host-b"], 1);
    deepStrictEqual((await kept()).ignore, [CUSTOMER]);
    deepStrictEqual(await banned(b), [ATTACKER]);

    // As if the list had arrived, and the lift that goes with it had not.
    await nodes.node("host-b").subscriber.end();
    const entry = { untilMs: null, note: "", addedMs: 0 };
    const list = allowlistAt(
      [{ network: address(ATTACKER), ...entry }],
      Date.now(),
    );
    await Deno.writeTextFile(path, ALLOWLIST_FORM.encode(list));
    await nodes.startSubscriber("host-b");
    await waitBanned(b, []);

    // The publisher's word counts again as soon as it is back.
    nodes.publisher = await cluster.start("publisher", "hub");
    await waitUntil(
      async () => (await kept()).ignore.join() === CUSTOMER,
      { what: "the publisher's list on the disk", timeoutMs: 20_000 },
    );
  },
);

Deno.test("a host's own ignoreip still wins there, whatever the allowlist comes to be", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  await cluster.addHost("hub");
  await cluster.addHost("host-b");
  await cluster.addHost("host-c", { general: { ignoreip: CUSTOMER } });
  await cluster.start("publisher", "hub");
  const b = await cluster.start("subscriber", "host-b");
  const c = await cluster.start("subscriber", "host-c");
  const subscribers = ["host-b", "host-c"] as const;
  await operate(cluster, `allow add ${CUSTOMER}`);
  for (const host of subscribers) {
    await waitAllowed(cluster, ["subscriber", host], 1);
  }
  await operate(cluster, `allow remove ${CUSTOMER}`);
  for (const host of subscribers) {
    await waitAllowed(cluster, ["subscriber", host], 0);
  }
  strictEqual(await reports(cluster, CUSTOMER), true);
  strictEqual(await reports(cluster, ATTACKER), true);
  const all = [CUSTOMER, ATTACKER].map((whom) => `old-host|sshd|Ban|${whom}`);
  await waitUntil(() => heard(b).length === 2, { what: "both bans on B" });
  await waitUntil(() => heard(c).length === 1, { what: "one ban on C" });
  deepStrictEqual(heard(b), all);
  deepStrictEqual(heard(c), all.slice(1));
  await c.waitForLine(/refused a protected address .*rule=ignoreip/);
});

Deno.test("a subscriber whose list on the disk is damaged says so, and takes the publisher's", async () => {
  await using cluster = await TestCluster.create({ protocol: 2 });
  for (const host of ["hub", "host-b"]) await cluster.addHost(host);
  const path = `${cluster.stateDir("host-b")}/allowlist.json`;
  await Deno.writeTextFile(path, "{", { mode: 0o600 });
  await cluster.start("publisher", "hub");
  await operate(cluster, `allow add ${CUSTOMER}`);
  const subscriber = await cluster.start("subscriber", "host-b");
  await subscriber.waitForLine(/the allowlist can't be read, and is asked for/);
  await waitAllowed(cluster, ["subscriber", "host-b"], 1);
  await waitUntil(async () => {
    const text = await Deno.readTextFile(path).catch(() => "");
    return text.includes(CUSTOMER);
  }, { what: "the list on the disk" });
  strictEqual(await Deno.readTextFile(`${path}.damaged`), "{");
});

Deno.test("a publisher that serves no members goes by the allowlist, and keeps who changed it in the audit", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  // A hub, and no node of another's.
  await Deno.remove(membershipPath(cluster.stateDir("hub")));
  await operate(cluster, `allow add ${ATTACKER}`);
  await cluster.startWithoutKeys("hub");
  await waitAllowed(cluster, ["publisher", "hub"], 1);
  await operate(cluster, `allow add ${CUSTOMER}`);
  await waitAllowed(cluster, ["publisher", "hub"], 2);
  strictEqual(await reports(cluster, CUSTOMER), false);
  await operate(cluster, `allow remove ${CUSTOMER}`);
  await waitAllowed(cluster, ["publisher", "hub"], 1);
  const doings = async () => {
    const entries: readonly { action: string; subject: string }[] = JSON.parse(
      await operate(cluster, "audit --json"),
    );
    return entries.map(({ action, subject }) => `${action} ${subject}`);
  };
  await waitUntil(async () => (await doings()).length >= 3, {
    what: "three entries",
  });
  deepStrictEqual(await doings(), [
    `allow add ${ATTACKER}`,
    `allow add ${CUSTOMER}`,
    `allow remove ${CUSTOMER}`,
  ]);
});
