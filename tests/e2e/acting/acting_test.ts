import { deepStrictEqual, ok } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  enforcement,
  waitBanned,
  waitRelayed,
} from "../../support/cluster/acting_nodes.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { historyOfBans } from "../../support/store/stored_tables.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const ATTACKER = "203.0.113.7";
const TARGETS = [ATTACKER, "2001:db8::7", "203.0.113.128/25"];
const HOSTS = ["host-a", "host-b", "host-c"];

for (const protocol of [1, 2] as const) {
  testWith(
    "fail2ban",
    `by protocol ${protocol}: three hosts, one attack: one report, enforced on the others, no echo; the unban likewise`,
    async () => {
      await using nodes = await ActingNodes.start({ hosts: HOSTS, protocol });
      const [a, b, c] = HOSTS.map((host) => nodes.node(host).fail2ban);
      ok(a && b && c);
      const started = performance.now();
      await a.client("set", "sshd", "banip", ...TARGETS);
      await waitBanned(b, TARGETS);
      await waitBanned(c, TARGETS);
      report("from banip on A to the bans on B and C", {
        after: `${Math.round(performance.now() - started)} ms`,
      });
      deepStrictEqual(
        await banned(a),
        [],
        "A enforces its own in its own jail",
      );

      await a.client("set", "sshd", "unbanip", ...TARGETS);
      await waitBanned(b, []);
      await waitBanned(c, []);

      // Whatever were to come back would come before this one does.
      await c.client("set", "sshd", "banip", "203.0.113.9");
      await waitBanned(a, ["203.0.113.9"]);
      await waitBanned(b, ["203.0.113.9"]);
      const stored = historyOfBans(nodes.cluster);
      deepStrictEqual(stored, [
        ...TARGETS.map((each) => `report ${each} host-a`),
        ...TARGETS.map((each) => `withdraw ${each} host-a`),
        "report 203.0.113.9 host-c",
      ]);
      report("stored", { changes: stored.length, echoes: 0 });
      // Only what is reported by protocol 1 is relayed.
      const relayed = [
        ...TARGETS.map((address) => `ban ${address}`),
        ...TARGETS.map((address) => `unban ${address}`),
        "ban 203.0.113.9",
      ];
      await waitRelayed(nodes, protocol === 1 ? relayed : []);
      for (const { host } of nodes.nodes) {
        const { missing, surplus } = await enforcement(nodes, host);
        deepStrictEqual([host, missing, surplus], [host, 0, 0]);
      }
    },
  );
}

testWith(
  "fail2ban",
  "a host's own ban of an address that the cluster bans is reported; each report has to be taken back",
  async () => {
    await using nodes = await ActingNodes.start({ hosts: HOSTS });
    const [a, b, c] = HOSTS.map((host) => nodes.node(host).fail2ban);
    ok(a && b && c);
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    await waitBanned(c, [ATTACKER]);
    await b.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(a, [ATTACKER]);
    await a.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(b, []);
    deepStrictEqual(await banned(c), [ATTACKER], "B still says so");
    await b.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(c, []);
    await waitBanned(a, []);
    await waitRelayed(nodes, [
      `ban ${ATTACKER}`,
      `ban ${ATTACKER}`,
      `unban ${ATTACKER}`,
      `unban ${ATTACKER}`,
    ]);
  },
);

testWith(
  "fail2ban",
  "in a jail that also detects, what the cluster applied is not reported, and the host's own is",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      subscriber: { jailmap: "sshd = sshd" },
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER], { jail: "sshd" });
    await a.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(b, [], { jail: "sshd" });
    await b.client("set", "sshd", "banip", "203.0.113.8");
    await waitBanned(a, ["203.0.113.8"], { jail: "sshd" });
    await b.client("set", "sshd", "unbanip", "203.0.113.8");
    await waitBanned(a, [], { jail: "sshd" });
    await waitRelayed(nodes, [
      `ban ${ATTACKER}`,
      `unban ${ATTACKER}`,
      "ban 203.0.113.8",
      "unban 203.0.113.8",
    ]);
    await waitUntil(async () => {
      const { echoes } = await nodes.cluster.figures("monitor", "host-b");
      return echoes === 2;
    }, { what: "both echoes" });
  },
);
