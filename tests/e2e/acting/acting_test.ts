import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { history, receipts } from "../../support/store/stored_tables.ts";
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
      const stored = history(nodes.cluster);
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
      deepStrictEqual(nodes.relayed(), protocol === 1 ? relayed : []);
      for (const { host } of nodes.nodes) {
        const { failures, missing, surplus } = await enforcement(nodes, host);
        deepStrictEqual([host, failures, missing, surplus], [host, 0, 0, 0]);
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
    await b.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(a, [ATTACKER]);
    await a.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(b, []);
    deepStrictEqual(await banned(c), [ATTACKER], "B still says so");
    await b.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(c, []);
    await waitBanned(a, []);
    deepStrictEqual(nodes.relayed(), [
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
    deepStrictEqual(nodes.relayed(), [
      `ban ${ATTACKER}`,
      `unban ${ATTACKER}`,
      "ban 203.0.113.8",
      "unban 203.0.113.8",
    ]);
    const { echoes } = await nodes.cluster.figures("monitor", "host-b");
    strictEqual(echoes, 2);
  },
);

testWith(
  "fail2ban",
  "bans lapse without anybody's unban, also those whose time was over while the subscriber was away",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      subscriber: { bantime: 3 },
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    await waitBanned(b, []);
    await a.client("set", "sshd", "banip", "203.0.113.8");
    await waitBanned(b, ["203.0.113.8"]);
    await nodes.node("host-b").subscriber.end("SIGKILL");
    const killedMs = performance.now();
    await waitUntil(() => performance.now() - killedMs > 3_500, {
      what: "the end of the ban",
    });
    deepStrictEqual(await banned(b), ["203.0.113.8"]);
    await nodes.startSubscriber("host-b");
    await waitBanned(b, []);
    deepStrictEqual(nodes.relayed(), [`ban ${ATTACKER}`, "ban 203.0.113.8"]);
  },
);

for (const protocol of [1, 2] as const) {
  testWith(
    "fail2ban",
    `case 23 by protocol ${protocol}: fail2ban away, hung, its jail missing, a subscriber restarted: nothing is forgotten, and only the difference is applied`,
    async () => {
      await using nodes = await ActingNodes.start({
        hosts: ["host-a", "host-b"],
        subscriber: { jailmap: "sshd = fail2bancluster, web = late" },
        jails: { web: {} },
        protocol,
      });
      const a = nodes.node("host-a").fail2ban;
      const b = nodes.node("host-b").fail2ban;
      await a.client("set", "sshd", "banip", "203.0.113.1");
      await waitBanned(b, ["203.0.113.1"]);

      await b.stop();
      await a.client("set", "sshd", "banip", "203.0.113.2");
      await waitUntil(
        async () => Number((await enforcement(nodes, "host-b")).failures) > 0,
        { what: "a failure", timeoutMs: 10_000, intervalMs: 100 },
      );
      await b.start();
      await waitBanned(b, ["203.0.113.1", "203.0.113.2"]);

      b.signal("SIGSTOP");
      // One is asked for and not answered, the next has to wait.
      await a.client("set", "sshd", "banip", "203.0.113.4");
      await a.client("set", "sshd", "banip", "203.0.113.5");
      await waitUntil(
        async () => Number((await enforcement(nodes, "host-b")).waiting) === 1,
        { what: "a ban that waits", timeoutMs: 10_000, intervalMs: 100 },
      );
      const isApplied = () =>
        receipts(nodes.cluster).includes("applied 203.0.113.4 host-b");
      ok(!isApplied(), "reported before it is so");
      b.signal("SIGCONT");
      await waitBanned(b, [
        "203.0.113.1",
        "203.0.113.2",
        "203.0.113.4",
        "203.0.113.5",
      ]);
      if (protocol === 2) {
        await waitUntil(isApplied, { what: "the receipt", timeoutMs: 10_000 });
      }

      await a.client("set", "web", "banip", "203.0.113.3");
      await waitUntil(
        async () =>
          (await enforcement(nodes, "host-b")).lastReason === "no jail late",
        { what: "the missing jail", timeoutMs: 10_000, intervalMs: 100 },
      );
      await b.client("add", "late", "polling");
      await b.client("start", "late");
      await waitBanned(b, ["203.0.113.3"], { jail: "late" });

      await nodes.node("host-b").subscriber.end("SIGTERM");
      await nodes.startSubscriber("host-b");
      const { inForce, applied } = await waitUntil(async () => {
        const figures = await enforcement(nodes, "host-b");
        return Number(figures.inForce) === 5 && figures;
      }, { what: "five bans in force", timeoutMs: 10_000, intervalMs: 100 });
      deepStrictEqual([inForce, applied], [5, 0]);
    },
  );
}

testWith(
  "fail2ban",
  "500 bans, a restart and a failed reload of fail2ban on the host that decided: no unban, no new ban",
  async () => {
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    const addresses = Array.from({ length: 500 }, (_, at) => testAddress(at));
    await a.client("set", "sshd", "banip", ...addresses);
    await waitBanned(b, addresses, { timeoutMs: 60_000 });
    await a.stop();
    await a.start();
    await a.waitForMessage(`[sshd] Restore Ban ${addresses.at(-1)}`);
    const broken = `${a.configDir}/jail.d/broken.local`;
    const text = "[broken]\nenabled = true\nbackend = none\n";
    await Deno.writeTextFile(broken, text);
    await rejects(a.client("reload"), /Unknown backend none/);
    await Deno.remove(broken);
    await a.client("reload");
    await a.waitForMessage(`[sshd] Restore Ban ${addresses.at(-1)}`, 2);
    await b.stop();
    await b.start();
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [...addresses, ATTACKER], { timeoutMs: 60_000 });
    deepStrictEqual(
      nodes.relayed(),
      [...addresses, ATTACKER].map((address) => `ban ${address}`),
    );
  },
);

/** What status says of fail2banclient. */
interface EnforcementFigures {
  readonly waiting?: unknown;
  readonly inForce?: unknown;
  readonly applied?: unknown;
  readonly failures?: unknown;
  readonly missing?: unknown;
  readonly surplus?: unknown;
  readonly lastReason?: unknown;
}

async function enforcement(
  nodes: ActingNodes,
  host: string,
): Promise<EnforcementFigures> {
  const figures = await nodes.cluster.figures("subscriber", host);
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name.replace("fail2banclient.", ""),
      value,
    ]),
  );
}
