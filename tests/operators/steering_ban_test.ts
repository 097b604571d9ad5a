import { choosing, enforcing } from "../support/values/enforcing_nodes.ts";
import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { address } from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { BAD, MANY, SteeringBench } from "../support/bench/steering_bench.ts";

const HOUR_MS = 3_600_000;

Deno.test("ban() resolves as soon as every node has said something, with what each said", async () => {
  await using bench = new SteeringBench();
  const banning = bench.ban({ reason: "ticket 4711" });
  await settled();
  deepStrictEqual(bench.bans, ["operator 203.0.113.7"]);
  await bench.say("web1", "applied");
  await bench.say("WEB2", "applied");
  await bench.clock.advance(200);
  // Another ban's receipt says nothing of this one.
  await bench.say("db1", "applied", { address: address("203.0.113.8") });
  await bench.say("db1", "refused", { detail: "ignoreip: 203.0.113.0/28" });
  const steered = await banning;
  deepStrictEqual(
    [steered.bans, steered.done, steered.expected, steered.tookMs],
    [1, 2, 3, 200],
  );
  deepStrictEqual(steered.failed.map(({ node, detail }) => [node, detail]), [
    ["db1", "ignoreip: 203.0.113.0/28"],
  ]);
  deepStrictEqual(bench.deeds, ["root|ban|203.0.113.7|for 1m: ticket 4711"]);
});

Deno.test("ban() does not wait for a node that has been silent before, and names it", async () => {
  await using bench = new SteeringBench();
  bench.nodes = bench.nodes.map((each) => ({
    ...each,
    isSilent: each.node === "db1",
  }));
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await bench.clock.advance(200);
  await bench.say("web2", "applied");
  const { done, expected, silent, tookMs } = await banning;
  deepStrictEqual([done, expected, silent], [2, 3, ["db1"]]);
  strictEqual(tookMs, 200);
});

Deno.test("ban() waits for a bounded time, and names who was silent", async () => {
  await using bench = new SteeringBench();
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await bench.clock.advance(3_000);
  const { done, expected, silent, tookMs } = await banning;
  deepStrictEqual([done, expected, silent], [1, 3, ["web2", "db1"]]);
  strictEqual(tookMs, 3_000);
});

Deno.test("ban() said again waits for nobody who has it in force", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [enforcing("web1")];
  const first = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await first;
  const { bans, done, expected } = await bench.ban();
  deepStrictEqual([bans, done, expected], [0, 1, 1]);
});

Deno.test("ban() said again ends when it was said last, sooner or later, and takes nothing from what nodes report", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  const hoursLeft = () =>
    Object.fromEntries(
      [...bench.hub.table.bans()].map(({ jail, reports: [report] }) => [
        jail,
        ((report?.expiresMs ?? 0) - bench.clock.nowMs()) / HOUR_MS,
      ]),
    );
  await bench.report("web1", BAD, "sshd", 24 * HOUR_MS);
  for (const hours of [168, 2, 5]) {
    const { bans } = await bench.ban({ forMs: hours * HOUR_MS });
    strictEqual(bans, 1);
    deepStrictEqual(hoursLeft(), { sshd: 24, operator: hours });
  }
  await bench.ban({ forMs: null });
  await bench.ban({ forMs: HOUR_MS });
  deepStrictEqual(hoursLeft(), { sshd: 24, operator: 1 });
});

Deno.test("ban() keeps to every rule, and --force passes by private and wide only", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  const refused = (text: string, force: boolean, message: RegExp) =>
    rejects(bench.ban({ address: address(text), force }), {
      name: "RuntimeError",
      message,
    });
  await refused("10.1.2.3", false, /private/);
  await refused("20.0.0.0/8", false, /wider than \/24/);
  for (const force of [false, true]) {
    await refused("127.0.0.1", force, /loopback/);
    await refused("192.0.2.9", force, /allowlist/);
    await refused("0.0.0.0/0", force, /unspecified/);
  }
  deepStrictEqual([bench.bans, bench.deeds], [[], []]);
  await bench.ban({ address: address("10.1.2.3"), force: true });
  await bench.ban({ address: address("20.0.0.0/8"), force: true });
  strictEqual(bench.bans.length, 2);
});

Deno.test("ban() said again waits for each of many nodes that has it not in force", async () => {
  await using bench = new SteeringBench();
  bench.nodes = MANY.map((name) => enforcing(name));
  await bench.report("operator", BAD, "operator");
  const banning = bench.ban();
  await settled();
  for (const node of MANY.slice(0, -1)) await bench.say(node, "applied");
  await bench.clock.advance(200);
  await bench.say(MANY.at(-1) ?? "", "applied");
  const { done, expected, tookMs } = await banning;
  deepStrictEqual([done, expected, tookMs], [40, 40, 200]);
});

Deno.test("ban() counts a node with several actions once all of them have it in force", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [enforcing("web1", "nftables", "fail2banclient")];
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await bench.clock.advance(400);
  await bench.say("web1", "applied", { action: "fail2banclient" });
  const { done, expected, silent, tookMs } = await banning;
  deepStrictEqual([done, expected, silent, tookMs], [1, 1, [], 400]);
});

Deno.test("ban() counts no node of which one action refuses it, or says nothing", async () => {
  await using bench = new SteeringBench();
  bench.nodes = ["web1", "web2"].map((name) =>
    enforcing(name, "nftables", "fail2banclient")
  );
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await bench.say("web2", "applied");
  await bench.say("web2", "refused", { action: "fail2banclient" });
  await bench.clock.advance(3_000);
  const { done, expected, silent, failed } = await banning;
  deepStrictEqual([done, expected, silent], [0, 2, ["web1"]]);
  deepStrictEqual(failed.map(({ node, action }) => `${node} ${action}`), [
    "web2 fail2banclient",
  ]);
});

Deno.test("ban() waits for nobody who leaves out what operators ban, or only observes, and for those who take certain jails only", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [
    choosing("web1", { takeJails: ["sshd"], takeNodes: ["web2"] }),
    choosing("web2", { ignoreNodes: ["operator"] }),
    choosing("db1", { observeNodes: ["*"] }),
  ];
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  const { done, expected, silent } = await banning;
  deepStrictEqual([done, expected, silent], [1, 1, []]);
});
