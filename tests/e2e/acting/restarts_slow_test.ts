import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  enforcement,
  waitBanned,
  waitRelayed,
} from "../../support/cluster/acting_nodes.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { receipts } from "../../support/store/stored_tables.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { scaled } from "../../support/host/deadline.ts";
import { pass } from "../../support/host/side_by_side.ts";

const ATTACKER = "203.0.113.7";

testWith(
  "fail2ban",
  "bans lapse without anybody's unban, also those whose time was over while the subscriber was away",
  async () => {
    // Long enough to be seen, and for the subscriber to be killed meanwhile.
    const bantimeMs = scaled(15_000);
    await using nodes = await ActingNodes.start({
      hosts: ["host-a", "host-b"],
      subscriber: { bantime: Math.ceil(bantimeMs / 1_000) },
    });
    const a = nodes.node("host-a").fail2ban;
    const b = nodes.node("host-b").fail2ban;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    await waitBanned(b, [], { timeoutMs: bantimeMs + 15_000 });
    await a.client("set", "sshd", "banip", "203.0.113.8");
    await waitBanned(b, ["203.0.113.8"]);
    await nodes.node("host-b").subscriber.end("SIGKILL");
    // The time itself: nobody is there to end the ban.
    await pass(bantimeMs + 1_500);
    deepStrictEqual(await banned(b), ["203.0.113.8"]);
    await nodes.startSubscriber("host-b");
    await waitBanned(b, []);
    await waitRelayed(nodes, [`ban ${ATTACKER}`, "ban 203.0.113.8"]);
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
      const taken = async () =>
        Number((await enforcement(nodes, "host-b")).taken);
      const before = await taken();
      await a.client("set", "sshd", "banip", "203.0.113.4");
      await waitUntil(
        async () =>
          await taken() > before &&
          (await enforcement(nodes, "host-b")).waiting === 0,
        { what: "a ban that is asked for", timeoutMs: 10_000 },
      );
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
    await a.waitForRows("sshd", addresses.length);
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
    await waitRelayed(
      nodes,
      [...addresses, ATTACKER].map((address) => `ban ${address}`),
    );
  },
);
