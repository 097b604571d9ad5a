import { enforcing } from "../support/values/enforcing_nodes.ts";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { address, host, jail } from "../support/values/core_values.ts";
import { settled } from "../support/memory/manual_clock.ts";
import { BAD, MANY, SteeringBench } from "../support/bench/steering_bench.ts";

Deno.test("unban() lifts an address in every jail, whoever reported it, and waits for those who had it in force", async () => {
  await using bench = new SteeringBench();
  await bench.report("web1", BAD);
  await bench.report("web2", BAD, "nginx");
  await bench.report("web2", "203.0.113.8");
  await bench.say("db1", "applied", { jail: jail("sshd") });
  await bench.say("db1", "applied", { jail: jail("nginx") });
  const lifting = bench.unban({ address: BAD });
  await settled();
  deepStrictEqual(bench.bans, ["sshd 203.0.113.8"]);
  await bench.say("db1", "lifted", { jail: jail("sshd") });
  await bench.clock.advance(100);
  await bench.say("db1", "lifted", { jail: jail("nginx") });
  const { bans, done, expected, reports, tookMs } = await lifting;
  deepStrictEqual([bans, done, expected, tookMs], [2, 1, 1, 100]);
  deepStrictEqual(reports.map(({ node, jail }) => `${node} ${jail}`), [
    "web1 sshd",
    "web2 nginx",
  ]);
  deepStrictEqual(bench.deeds, ["root|unban|203.0.113.7|2 bans"]);
});

Deno.test("unban() of a node, a jail, or all; of nothing it says so, with what is around it", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  await bench.report("web1", BAD);
  await bench.report("web2", "203.0.113.8");
  await bench.report("web2", "198.51.100.0/24", "nginx");
  await rejects(bench.unban({ address: address("198.51.100.9") }), {
    message: "198.51.100.9 is not banned",
    hint: "198.51.100.0/24 is: fail2ban-cluster unban 198.51.100.0/24",
  });
  await rejects(bench.unban({ node: host("db1") }), {
    message: "there are no bans reported by db1",
  });
  strictEqual((await bench.unban({ jail: jail("nginx") })).bans, 1);
  strictEqual((await bench.unban({ node: host("WEB2") })).bans, 1);
  strictEqual((await bench.unban({})).bans, 1);
  deepStrictEqual(bench.bans, []);
});

Deno.test("unban() waits for those only of many nodes that had it in force", async () => {
  await using bench = new SteeringBench();
  bench.nodes = MANY.map((name) => enforcing(name));
  await bench.report("web1", BAD);
  await bench.say("node40", "applied", { jail: jail("sshd") });
  const lifting = bench.unban({ address: BAD });
  await settled();
  await bench.clock.advance(100);
  await bench.say("node40", "lifted", { jail: jail("sshd") });
  const { done, expected, silent, tookMs } = await lifting;
  deepStrictEqual([done, expected, silent, tookMs], [1, 1, [], 100]);
});

Deno.test("unban() waits for each action of a node that had it in force, and for no other", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [enforcing("db1", "nftables", "fail2banclient", "exec")];
  await bench.report("web1", BAD);
  const sshd = { jail: jail("sshd") };
  await bench.say("db1", "applied", sshd);
  await bench.say("db1", "applied", { ...sshd, action: "fail2banclient" });
  await bench.say("db1", "failed", { ...sshd, action: "exec" });
  const lifting = bench.unban({ address: BAD });
  await settled();
  await bench.say("db1", "lifted", sshd);
  await bench.clock.advance(300);
  await bench.say("db1", "lifted", { ...sshd, action: "fail2banclient" });
  const { done, expected, tookMs } = await lifting;
  deepStrictEqual([done, expected, tookMs], [1, 1, 300]);
});

Deno.test("unban() waits for nobody to lift a ban whose time is over", async () => {
  await using bench = new SteeringBench();
  await bench.report("web1", BAD, "sshd", 500);
  await bench.report("web1", BAD, "nginx");
  await bench.say("db1", "applied", { jail: jail("sshd") });
  await bench.say("db1", "applied", { jail: jail("nginx") });
  await bench.clock.advance(500);
  const lifting = bench.unban({ address: BAD });
  await settled();
  await bench.clock.advance(100);
  await bench.say("db1", "lifted", { jail: jail("nginx") });
  const { bans, done, silent, tookMs } = await lifting;
  deepStrictEqual([bans, done, silent, tookMs], [1, 1, [], 100]);
});

Deno.test("unban() of many bans looks for who has them in turns that end when they are over", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  for (let at = 1; at <= 50; at++) await bench.report("web1", `192.0.3.${at}`);
  bench.turns.stepMs = 1_000;
  const { bans } = await bench.unban({});
  strictEqual(bans, 50);
  // One turn a ban, to find it and to ask who has it.
  ok(bench.turns.pauses >= 100, `${bench.turns.pauses} turns`);
});

Deno.test("unban() tells which networks around the address are banned still", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  const network = "203.0.113.0/24";
  const around = async () => {
    await bench.report("web1", BAD);
    return (await bench.unban({ address: BAD })).around;
  };
  deepStrictEqual(await around(), []);
  await bench.report("widened", network);
  bench.widened = { after: 3, members: 3, some: [] };
  deepStrictEqual(await around(), [network]);
  // It is about to be taken back.
  bench.widened = { after: 3, members: 2, some: [] };
  deepStrictEqual(await around(), []);
  await bench.report("web2", network);
  await bench.report("web2", "203.0.113.0/28", "nginx");
  deepStrictEqual(await around(), ["203.0.113.0/28", network]);
  await bench.report("web2", "203.0.113.0/28", "nginx");
  deepStrictEqual((await bench.unban({ node: host("web2") })).around, []);
});

Deno.test("unban() asks the fail2bans that reported where it is wanted, and tells what each did", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  bench.answers = {
    web1: { outcome: "lifted", detail: "" },
    web2: { outcome: "failed", detail: "there is no jail nginx" },
  };
  await bench.report("web1", BAD);
  await bench.report("web2", BAD, "nginx");
  await bench.report("operator", BAD, "operator");
  const { bans, local } = await bench.unban({ address: BAD, local: true });
  strictEqual(bans, 3);
  deepStrictEqual(bench.asked, ["web1 sshd 3000", "web2 nginx 3000"]);
  deepStrictEqual(
    local.map(({ node, outcome, detail }) => [node, outcome, detail].join()),
    ["web1,lifted,", "web2,failed,there is no jail nginx"],
  );
  await bench.report("web1", BAD);
  deepStrictEqual((await bench.unban({ address: BAD })).local, []);
  strictEqual(bench.asked.length, 2);
});

Deno.test("unban() asks every fail2ban that reported, however many, and tells first which it still has", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  const reporting = Array.from({ length: 30 }, (_, at) => `web${at}`);
  bench.answers = Object.fromEntries(
    reporting.map((node) => [node, {
      outcome: node === "web29" ? "failed" : "lifted",
      detail: "",
    }]),
  );
  for (const node of reporting) await bench.report(node, BAD);
  const { local } = await bench.unban({ address: BAD, local: true });
  strictEqual(bench.asked.length, 30);
  strictEqual(local.length, 20);
  strictEqual(local[0]?.node, "web29");
});

Deno.test("unban() of what was lifted before asks the fail2bans that had reported it, and nobody else's", async () => {
  await using bench = new SteeringBench();
  bench.nodes = [];
  bench.answers = { web1: { outcome: "absent", detail: "" } };
  await bench.report("web1", BAD);
  await bench.report("web2", BAD, "nginx");
  await bench.hub.submit([{
    event: {
      ...{ kind: "withdraw", jail: jail("nginx"), address: BAD },
      origin: host("web2"),
    },
  }]);
  await bench.unban({ address: BAD });
  const { bans, reports, local } = await bench.unban({
    address: BAD,
    local: true,
  });
  strictEqual(bans, 0);
  deepStrictEqual(reports.map(({ node }) => node), ["web1"]);
  deepStrictEqual(local.map(({ outcome }) => outcome), ["absent"]);
  strictEqual(
    bench.deeds.at(-1),
    "root|unban|203.0.113.7|in the fail2bans that reported it",
  );
  await rejects(bench.unban({ address: BAD }), {
    message: "203.0.113.7 is not banned",
  });
  await rejects(
    bench.unban({ address: address("203.0.113.99"), local: true }),
    { message: "203.0.113.99 is not banned" },
  );
});
