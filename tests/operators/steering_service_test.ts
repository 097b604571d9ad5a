import { choosing, enforcing } from "../support/values/enforcing_nodes.ts";
import type { EnforcingNode } from "../../lib/operators/enforcement_view.ts";
import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SharedTurns } from "../../lib/async/shared_turns.ts";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
import {
  type LocalAnswer,
  LocalUnbanService,
} from "../../lib/operators/local_unban_service.ts";
import { ReceiptWatch } from "../../lib/operators/receipt_watch.ts";
import { SteeringService } from "../../lib/operators/steering_service.ts";
import type { BanOrder, UnbanOrder } from "../../lib/wire/operator_steering.ts";
import type { WhyWidened } from "../../lib/wire/operator_why.ts";
import { guardOf } from "../support/values/guards.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const BAD = address("203.0.113.7");
const HOUR_MS = 3_600_000;

/** Time of turns: each look at it takes some, and each pause is counted. */
class TurnClock {
  stepMs = 0;
  pauses = 0;
  #nowMs = 0;

  monotonicMs(): number {
    return this.#nowMs += this.stepMs;
  }

  delay(): Promise<void> {
    this.pauses++;
    return Promise.resolve();
  }
}

const { signal } = new AbortController();

/** A hub, nodes that say what a test says, and an operator. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryBanStore();
  readonly receipts = new ReceiptWatch();
  readonly deeds: string[] = [];
  /** What nodes were asked, and what they answer. */
  readonly asked: string[] = [];
  answers: Readonly<Record<string, LocalAnswer>> = {};
  readonly turns = new TurnClock();
  /** Why every network is banned that nobody reported. */
  widened: WhyWidened | undefined;
  readonly hub: BanHub;
  readonly service: SteeringService;
  nodes: readonly EnforcingNode[] = ["web1", "web2", "db1"].map((name) =>
    enforcing(name)
  );
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const { clock, store, receipts } = this;
    this.hub = new BanHub({
      clock,
      store,
      log: new MemoryLog(),
      onKept: () => {},
    });
    this.service = new SteeringService({
      ...{ hub: this.hub, store, receipts, clock, waitMs: 3_000 },
      widenedOf: () => this.widened,
      nodes: { enforcing: () => this.nodes },
      protection: () => ({
        minPrefix4Bits: 24,
        minPrefix6Bits: 48,
        guarded: [guardOf("allowlist", "192.0.2.0/24")],
      }),
      local: new LocalUnbanService({
        ...{ store, waitMs: 3_000, nowMs: () => this.clock.nowMs() },
        askNode: (node, { jail }, waitMs) => {
          this.asked.push(`${node} ${jail} ${waitMs}`);
          return Promise.resolve(
            this.answers[node] ?? { outcome: "away", detail: "" },
          );
        },
      }),
      turns: new SharedTurns({ clock: this.turns }),
      record: (...deed) => {
        this.deeds.push(deed.join("|"));
        return Promise.resolve();
      },
    });
    this.#running = this.hub.run(this.#stop.signal).catch(() => {});
  }

  ban(more: Partial<BanOrder> = {}) {
    const order = {
      by: "root",
      address: BAD,
      forMs: 60_000,
      reason: "",
      force: false,
    };
    return this.service.ban({ ...order, ...more }, signal);
  }

  unban(more: Partial<UnbanOrder>) {
    const order = {
      ...{ by: "root", address: null, node: null, jail: null },
      local: false,
    };
    return this.service.unban({ ...order, ...more }, signal);
  }

  async report(
    node: string,
    text: string,
    jailName = "sshd",
    forMs = Infinity,
  ): Promise<void> {
    await this.hub.submit([{
      event: {
        kind: "report",
        jail: jail(jailName),
        address: address(text),
        origin: host(node),
        expiresMs: this.clock.nowMs() + forMs,
      },
    }]);
  }

  /** A node says what it did, and the store has it. */
  async say(
    node: string,
    outcome: StoredReceipt["outcome"],
    more: Partial<StoredReceipt> = {},
  ): Promise<void> {
    const receipt: StoredReceipt = {
      ...{ node: host(node), jail: jail("operator"), address: BAD, outcome },
      ...{ action: "nftables", detail: "", atMs: this.clock.nowMs() },
      ...more,
    };
    this.receipts.note([receipt]);
    await this.store.keepReceipts([receipt]);
  }

  get bans(): readonly string[] {
    return [...this.hub.table.bans()].map(({ jail, address }) =>
      `${jail} ${address}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("ban() resolves as soon as every node has said something, with what each said", async () => {
  await using bench = new Bench();
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
  deepStrictEqual(bench.deeds, ["root|ban|203.0.113.7|for 60 s: ticket 4711"]);
});

Deno.test("ban() does not wait for a node that has been silent before, and names it", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
  const banning = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await bench.clock.advance(3_000);
  const { done, expected, silent, tookMs } = await banning;
  deepStrictEqual([done, expected, silent], [1, 3, ["web2", "db1"]]);
  strictEqual(tookMs, 3_000);
});

Deno.test("ban() said again waits for nobody who has it in force", async () => {
  await using bench = new Bench();
  bench.nodes = [enforcing("web1")];
  const first = bench.ban();
  await settled();
  await bench.say("web1", "applied");
  await first;
  const { bans, done, expected } = await bench.ban();
  deepStrictEqual([bans, done, expected], [0, 1, 1]);
});

Deno.test("ban() said again ends when it was said last, sooner or later, and takes nothing from what nodes report", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
  bench.nodes = [];
  const refused = (text: string, force: boolean, message: RegExp) =>
    rejects(bench.ban({ address: address(text), force }), {
      name: "RuntimeError",
      message,
    });
  await refused("10.1.2.3", false, /private/);
  await refused("20.0.0.0/8", false, /too-wide/);
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

Deno.test("unban() lifts an address in every jail, whoever reported it, and waits for those who had it in force", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
  bench.nodes = [];
  await bench.report("web1", BAD);
  await bench.report("web2", "203.0.113.8");
  await bench.report("web2", "198.51.100.0/24", "nginx");
  await rejects(bench.unban({ address: address("198.51.100.9") }), {
    message: "198.51.100.9 is not banned",
    hint: "198.51.100.0/24 is: fail2ban-cluster unban 198.51.100.0/24",
  });
  await rejects(bench.unban({ node: host("db1") }), {
    message: "nobody is banned reported by db1",
  });
  strictEqual((await bench.unban({ jail: jail("nginx") })).bans, 1);
  strictEqual((await bench.unban({ node: host("WEB2") })).bans, 1);
  strictEqual((await bench.unban({})).bans, 1);
  deepStrictEqual(bench.bans, []);
});

/** So many nodes that a list of those that lack something is cut. */
const MANY = Array.from({ length: 40 }, (_, at) => `node${at + 1}`);

Deno.test("ban() said again waits for each of many nodes that has it not in force", async () => {
  await using bench = new Bench();
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

Deno.test("unban() waits for those only of many nodes that had it in force", async () => {
  await using bench = new Bench();
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

Deno.test("ban() counts a node with several actions once all of them have it in force", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
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

Deno.test("unban() waits for each action of a node that had it in force, and for no other", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
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
  await using bench = new Bench();
  bench.nodes = [];
  for (let at = 1; at <= 50; at++) await bench.report("web1", `192.0.3.${at}`);
  bench.turns.stepMs = 1_000;
  const { bans } = await bench.unban({});
  strictEqual(bans, 50);
  // One turn a ban, to find it and to ask who has it.
  ok(bench.turns.pauses >= 100, `${bench.turns.pauses} turns`);
});

Deno.test("unban() tells which networks around the address are banned still", async () => {
  await using bench = new Bench();
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
  await using bench = new Bench();
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
  await using bench = new Bench();
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
  await using bench = new Bench();
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

Deno.test("ban() waits for nobody who leaves out what operators ban, or only observes, and for those who take certain jails only", async () => {
  await using bench = new Bench();
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
