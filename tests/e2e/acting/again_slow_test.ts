import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  ActingNodes,
  banned,
  waitBanned,
} from "../../support/cluster/acting_nodes.ts";
import { CLUSTER } from "../../support/enforce/enforcer_setup.ts";
import { Program } from "../../support/enforce/exec_program.ts";
import { RealEnforcer } from "../../support/enforce/real_enforcer.ts";
import { ban } from "../../support/enforce/enforcer_setup.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { testAddress } from "../../support/fail2ban/fail2ban_lines.ts";
import { report } from "../../support/bench/tally.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { scaled } from "../../support/host/deadline.ts";

const ATTACKER = "203.0.113.7";
/** What comes after everything before it: whatever were to happen has happened by then. */
const LAST = "203.0.113.99";
const HOSTS = ["host-a", "host-b"];
const MAPPED = { jailmap: "sshd = sshd" };

async function start(
  subscriber: Readonly<Record<string, string | number>> = {},
  others: { jails?: Record<string, Record<string, string>> } = {},
) {
  const nodes = await ActingNodes.start({
    hosts: HOSTS,
    subscriber,
    ...others,
  });
  const [a, b] = HOSTS.map((host) => nodes.node(host).fail2ban);
  if (a === undefined || b === undefined) throw new Error("No nodes");
  return { nodes, a, b };
}

async function waitRelayed(nodes: ActingNodes, count: number): Promise<void> {
  await waitUntil(() => nodes.relayed().length >= count, {
    what: `${count} relayed events`,
    timeoutMs: 15_000,
  });
}

async function figure(nodes: ActingNodes, name: string): Promise<number> {
  const figures = await nodes.cluster.figures("subscriber", "host-b");
  return Number(figures[name]);
}

testWith(
  "fail2ban",
  "an address that is put into ignoreip is no longer banned after a restart, and nothing bans it again",
  async () => {
    const { nodes, a, b } = await start({ resync: "5s" });
    await using _nodes = nodes;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    await nodes.node("host-b").subscriber.end("SIGTERM");
    const local = `${nodes.cluster.dir}/host-b/fail2ban-cluster.local`;
    const before = await Deno.readTextFile(local);
    const text = before.includes("[general]")
      ? before.replace("[general]", `[general]\nignoreip = ${ATTACKER}`)
      : `[general]\nignoreip = ${ATTACKER}\n${before}`;
    await Deno.writeTextFile(local, text);
    await nodes.startSubscriber("host-b");
    await waitBanned(b, []);
    await a.client("set", "sshd", "banip", LAST);
    await waitBanned(b, [LAST]);
    strictEqual(await figure(nodes, "fail2banclient.protected"), 1);
  },
);

testWith(
  "fail2ban",
  "a host name in the jail's ignoreip forbids bans of its addresses",
  async () => {
    await using setup = await RealEnforcer.create({
      [CLUSTER]: { ignoreip: "localhost" },
    });
    deepStrictEqual(await setup.failures(ban("127.0.0.1")), [
      `127.0.0.1: ignoreip of jail ${CLUSTER} forbids it`,
    ]);
    deepStrictEqual(await setup.listed(), []);
  },
);

testWith(
  "fail2ban",
  "a ban whose program failed is applied after a restart, once the program works",
  async () => {
    await using program = await Program.write([
      'test -f "$dir/works" || exit 1',
      'echo "$1 $2" >> "$dir/ran"',
    ]);
    const { nodes, a } = await start({
      subscriberaction: "exec",
      execprogram: program.path,
    });
    await using _nodes = nodes;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitUntil(async () => await figure(nodes, "exec.failures") > 0, {
      what: "a failure",
      timeoutMs: 10_000,
      intervalMs: 50,
    });
    strictEqual(await figure(nodes, "exec.inForce"), 0);
    await nodes.node("host-b").subscriber.end("SIGTERM");
    await Deno.writeTextFile(program.path.replace(/act$/, "works"), "");
    await nodes.startSubscriber("host-b");
    await waitUntil(async () => await figure(nodes, "exec.inForce") === 1, {
      what: "the program's run",
      timeoutMs: 10_000,
      intervalMs: 50,
    });
    deepStrictEqual(await program.lines("ran"), [`ban ${ATTACKER}`]);
    // Killed before it has noted the program's end, it would run it again.
    await waitUntil(async () => await figure(nodes, "exec.inForce") === 1, {
      what: "the ban in force",
      timeoutMs: 10_000,
    });
    await nodes.node("host-b").subscriber.end("SIGTERM");
    await nodes.startSubscriber("host-b");
    await waitUntil(async () => await figure(nodes, "exec.inForce") === 1, {
      what: "the ban in force after the restart",
      timeoutMs: 10_000,
    });
    deepStrictEqual(await program.lines("ran"), [`ban ${ATTACKER}`], "once");
  },
);

testWith(
  "fail2ban",
  "in a jail that also detects, the cluster lifts no ban of the host's own, neither when it is taken back nor when its time is over",
  async () => {
    // Long enough for all three to be seen at once.
    const bantime = Math.ceil(scaled(15_000) / 1_000);
    const { nodes, a, b } = await start({ ...MAPPED, bantime }, {
      jails: { sshd: { bantime: "1w" } },
    });
    await using _nodes = nodes;
    await nodes.node("host-a").subscriber.end("SIGTERM");
    await b.client("set", "sshd", "banip", ATTACKER, "203.0.113.8");
    await waitRelayed(nodes, 2);
    await a.client("set", "sshd", "banip", ATTACKER, "203.0.113.8");
    await waitRelayed(nodes, 4);
    await a.client("set", "sshd", "unbanip", ATTACKER);
    await a.client("set", "sshd", "banip", LAST);
    const all = [ATTACKER, "203.0.113.8", LAST];
    await waitBanned(b, all, { jail: "sshd" });
    // The last one is the cluster's, and ends with the cluster's ban time.
    await waitBanned(b, all.slice(0, 2), {
      jail: "sshd",
      timeoutMs: bantime * 1_000 + 15_000,
    });
    deepStrictEqual(
      nodes.relayed().filter((text) => text.startsWith("unban")),
      [`unban ${ATTACKER}`],
      "A's; nothing of B's",
    );
  },
);

testWith(
  "fail2ban",
  "a monitor that reads late reports nothing of what the cluster did meanwhile",
  async () => {
    const { nodes, a, b } = await start(MAPPED);
    await using _nodes = nodes;
    await b.client("set", "sshd", "banip", "203.0.113.1");
    await waitRelayed(nodes, 1);
    await waitBanned(a, ["203.0.113.1"], { jail: "sshd" });
    await waitUntil(async () => {
      const figures = await nodes.cluster.figures("monitor", "host-b");
      return Number(figures["acknowledged"]) > 0 && figures["unanswered"] === 0;
    }, { what: "the answer" });
    await nodes.node("host-b").monitor.end("SIGTERM");
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER, "203.0.113.1"], { jail: "sshd" });
    await a.client("set", "sshd", "unbanip", ATTACKER);
    await waitBanned(b, ["203.0.113.1"], { jail: "sshd" });
    await nodes.cluster.start("monitor", "host-b");
    await b.client("set", "sshd", "banip", LAST);
    await waitRelayed(nodes, 4);
    deepStrictEqual(nodes.relayed(), [
      "ban 203.0.113.1",
      `ban ${ATTACKER}`,
      `unban ${ATTACKER}`,
      `ban ${LAST}`,
    ]);
  },
);

testWith(
  "fail2ban",
  "a host's own ban is reported though the cluster's of the same address is noted still",
  async () => {
    const { nodes, a, b } = await start(MAPPED);
    await using _nodes = nodes;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER], { jail: "sshd" });
    const bannedAtMs = performance.now();
    await b.client("set", "sshd", "unbanip", ATTACKER);
    // So long after its own doing a line of that time is not the subscriber's.
    await waitUntil(() => performance.now() - bannedAtMs > 7_000, {
      what: "seven seconds",
      timeoutMs: 10_000,
    });
    await b.client("set", "sshd", "banip", ATTACKER);
    await waitRelayed(nodes, 2);
    deepStrictEqual(nodes.relayed(), [`ban ${ATTACKER}`, `ban ${ATTACKER}`]);
  },
);

testWith(
  "fail2ban",
  "a fail2ban that was started anew with nothing has all bans again with the next one",
  async () => {
    const { nodes, a, b } = await start();
    await using _nodes = nodes;
    await a.client("set", "sshd", "banip", ATTACKER);
    await waitBanned(b, [ATTACKER]);
    await b.stop();
    await Deno.remove(b.databasePath);
    await b.start();
    deepStrictEqual(await banned(b), []);
    await a.client("set", "sshd", "banip", LAST);
    await waitBanned(b, [ATTACKER, LAST]);
    strictEqual(await figure(nodes, "fail2banclient.missing"), 1);
  },
);

testWith(
  "fail2ban",
  "10,000 bans at once on one host are in force on the other within two minutes",
  async () => {
    // Without a firewall action, so that fail2ban's part is small.
    const jails = { sshd: { action: "" }, [CLUSTER]: { action: "" } };
    const { nodes, a } = await start({}, { jails });
    await using _nodes = nodes;
    const addresses = Array.from(
      { length: 10_000 },
      (_, at) => testAddress(at),
    );
    const startMs = performance.now();
    for (let from = 0; from < addresses.length; from += 1_000) {
      const some = addresses.slice(from, from + 1_000);
      await a.client("set", "sshd", "banip", ...some);
    }
    const bannedMs = performance.now();
    await waitUntil(
      async () => await figure(nodes, "fail2banclient.inForce") === 10_000,
      { what: "10,000 bans", timeoutMs: 120_000, intervalMs: 200 },
    );
    report("10,000 bans on A, through the cluster into B's fail2ban", {
      "banned on A after": `${Math.round(bannedMs - startMs)} ms`,
      "in force on B after": `${Math.round(performance.now() - startMs)} ms`,
    });
    deepStrictEqual(
      (await banned(nodes.node("host-b").fail2ban)).length,
      10_000,
    );
  },
);
