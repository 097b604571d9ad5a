import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import type { TableEvent } from "../../lib/ban/ban_decision.ts";
import type { HubRequest } from "../../lib/ban/decision_batch.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import {
  importOrigin,
  OPERATOR_ORIGIN,
  WIDENED_ORIGIN,
} from "../../lib/base/operator_name.ts";
import type {
  GuardedNetworks,
  ProtectionPolicy,
} from "../../lib/protection/protection_policy.ts";
import { parseWidenRules, wideningBy } from "../../lib/widen/widen_rules.ts";
import { WideningService } from "../../lib/widen/widening_service.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { guardOf } from "../support/values/guards.ts";
import { DROP } from "../support/values/imports.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

interface BenchOptions {
  readonly store?: MemoryBanStore;
  readonly clock?: ManualClock;
  readonly widen4?: string;
  readonly widen6?: string;
  readonly nodes?: number;
}

/** A hub and the networks of its table. */
class Bench implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: MemoryBanStore;
  readonly log = new MemoryLog();
  readonly hub: BanHub;
  readonly widening: WideningService;
  #policy: ProtectionPolicy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    { store = new MemoryBanStore(), clock = new ManualClock(), ...rules }:
      BenchOptions = {},
  ) {
    const { widen4 = "off", widen6 = "/64 after 3", nodes = 1 } = rules;
    const { log } = this;
    this.store = store;
    this.clock = clock;
    this.hub = new BanHub({
      store,
      clock,
      log,
      quorumOf: () => ({ nodes, withinMs: Infinity }),
      onKept: (kept) => this.widening.note(kept),
    });
    this.widening = new WideningService({
      hub: this.hub,
      store,
      clock,
      log,
      wideningOf: wideningBy({
        IPv4: parseWidenRules(widen4, "IPv4") ?? [],
        IPv6: parseWidenRules(widen6, "IPv6") ?? [],
      }),
      protection: () => this.#policy,
    });
    this.#running = runTogether(this.#stop.signal, [
      (group) => this.hub.run(group),
      (group) => this.widening.run(group),
    ]);
  }

  /** Has others protected. */
  set guarded(guarded: readonly GuardedNetworks[]) {
    this.#policy = { ...this.#policy, guarded };
  }

  /** Has something decided. */
  async say(...requests: readonly HubRequest[]) {
    const verdicts = await this.hub.submit(requests);
    await this.settle();
    return verdicts;
  }

  /** Has addresses reported. */
  async ban(...addresses: readonly string[]): Promise<void> {
    await this.say(...addresses.map((text) => ({ event: reportOf(text) })));
  }

  /** Lets time pass, as the publisher does. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.widening.noteExpired(this.hub.expire());
    this.widening.tick();
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 6; round++) await settled();
  }

  /** The networks that are banned for their addresses, and until when. */
  get networks(): readonly string[] {
    return [...this.hub.table.bans()].flatMap((ban) => {
      const report = ban.reports.find(({ origin }) =>
        origin === WIDENED_ORIGIN
      );
      return report === undefined
        ? []
        : [`${ban.jail} ${ban.address} ${report.expiresMs}`];
    }).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

function key(text: string, jailName = "sshd") {
  return { jail: jail(jailName), address: address(text) };
}

function reportOf(
  text: string,
  expiresMs = Infinity,
  origin = "web1",
  jailName = "sshd",
): TableEvent & { kind: "report" } {
  return {
    kind: "report",
    ...key(text, jailName),
    origin: host(origin),
    expiresMs,
    isExact: true,
  };
}

function withdrawal(text: string, origin = "web1"): HubRequest {
  return {
    event: { kind: "withdraw", ...key(text), origin: host(origin) },
  };
}

function lift(text: string, by: string = OPERATOR_ORIGIN): HubRequest {
  return { event: { kind: "lift", ...key(text), by: host(by) } };
}

const [ONE, TWO, THREE, FOUR] = [1, 2, 3, 4].map((at) => `2001:db8::${at}`) as [
  string,
  string,
  string,
  string,
];
const NETWORK = "2001:db8::/64";
const STANDS = [`sshd ${NETWORK} Infinity`];

Deno.test("a network is banned once so many different addresses of it are, and ends with them", async () => {
  await using bench = new Bench();
  const startMs = bench.clock.nowMs();
  const until = (ms: number) => [`sshd ${NETWORK} ${startMs + ms}`];
  await bench.say(
    { event: reportOf(ONE, startMs + 10_000) },
    { event: reportOf(TWO, startMs + 20_000) },
    { event: reportOf(TWO, startMs + 25_000, "web2") },
  );
  deepStrictEqual(bench.networks, []);
  await bench.say({ event: reportOf(THREE, startMs + 30_000) });
  deepStrictEqual(bench.networks, until(10_000));
  await bench.say({ event: reportOf(FOUR, startMs + 40_000) });
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, until(25_000));
  strictEqual(
    bench.hub.table.find(key(ONE))?.reports[0]?.expiresMs,
    startMs + 10_000,
  );
  await bench.pass(24_000);
  deepStrictEqual(bench.networks, []);
  strictEqual(bench.hub.table.size, 2);
});

Deno.test("of addresses in another jail, another network, in no force yet, by operators, of lists and of IPv6 that stands for IPv4 none counts", async () => {
  await using bench = new Bench({ nodes: 2 });
  await bench.ban(ONE, TWO, THREE);
  deepStrictEqual(bench.networks, []);
  await using other = new Bench({ widen6: "/64 after 2" });
  const nat64 = ["64:ff9b::c000:201", "64:ff9b::c000:202"];
  const teredo = ["2001:0:4136:e378::1", "2001:0:4136:e378::2"];
  await other.ban(ONE, "2001:db8:1::1", ...nat64, ...teredo);
  await other.say(
    { event: reportOf(TWO, Infinity, "web1", "nginx") },
    { event: reportOf(TWO, Infinity, OPERATOR_ORIGIN, "operator") },
    { event: reportOf(THREE, Infinity, OPERATOR_ORIGIN, "operator") },
    ...[ONE, TWO, THREE].map((each) => ({
      event: {
        ...reportOf(each, Infinity, "web1", "list"),
        origin: importOrigin(DROP),
      },
    })),
    { event: reportOf(NETWORK, Infinity, "web1") },
  );
  deepStrictEqual(other.networks, []);
});

Deno.test("a network needs no quorum of its own, and its ban is none of a node's", async () => {
  await using bench = new Bench({ nodes: 2 });
  await bench.ban(ONE, TWO, THREE);
  await bench.say(
    ...[ONE, TWO, THREE].map((text) => ({
      event: reportOf(text, Infinity, "web2"),
    })),
  );
  deepStrictEqual(bench.networks, STANDS);
  strictEqual(bench.hub.table.find(key(NETWORK))?.isPending, false);
  strictEqual(bench.hub.table.reportsOf(host("web1")), 3);
});

Deno.test("a network is taken back when a member is unbanned and too few are left", async () => {
  await using bench = new Bench();
  await bench.ban(ONE, TWO, THREE, FOUR);
  await bench.say(lift(ONE));
  deepStrictEqual(bench.networks, STANDS);
  await bench.say(withdrawal(TWO));
  deepStrictEqual(bench.networks, []);
  await bench.ban(TWO);
  deepStrictEqual(bench.networks, STANDS);
});

Deno.test("an unban of the network holds until an address of it is detected after it, also over a restart and against old reports", async () => {
  const clock = new ManualClock();
  const store = new MemoryBanStore();
  {
    await using bench = new Bench({ store, clock });
    await bench.ban(ONE, TWO, THREE);
    await bench.pass(1_000);
    const madeMs = clock.nowMs();
    await bench.pass(1_000);
    await bench.say(lift(NETWORK));
    await bench.pass(1_000);
    deepStrictEqual(bench.networks, []);
    // An end is corrected, and an old ban is told late: neither is a detection.
    const late = { ...reportOf(FOUR), madeMs };
    const corrected = { ...reportOf(ONE, clock.nowMs() + 90_000), madeMs };
    await bench.say({ event: late }, { event: corrected });
    await bench.say(withdrawal(FOUR));
    deepStrictEqual(bench.networks, []);
  }
  {
    await using bench = new Bench({ store, clock });
    await bench.pass(1_000);
    deepStrictEqual(bench.networks, []);
    await bench.say({
      event: { ...reportOf(FOUR), madeMs: clock.nowMs() },
    });
    deepStrictEqual(bench.networks, STANDS);
  }
});

Deno.test("another node that detects a member brings back a network that a node or the allowlist lifted", async () => {
  await using bench = new Bench();
  await bench.ban(ONE, TWO, THREE);
  await bench.pass(1_000);
  await bench.say(lift(NETWORK, "hub"));
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, []);
  await bench.say({ event: reportOf(ONE, Infinity, "web2") });
  deepStrictEqual(bench.networks, STANDS);
});

Deno.test("no network is banned that has somebody who is protected, or is too wide; it is taken back when it comes to be so", async () => {
  await using bench = new Bench({ widen6: "n:/40 after 1, /64 after 3" });
  bench.guarded = [guardOf("allowlist", "2001:db8::dead")];
  await bench.ban(ONE, TWO, THREE);
  await bench.say({ event: reportOf("2001:db8:1::1", Infinity, "web1", "n") });
  deepStrictEqual(bench.networks, []);
  bench.guarded = [];
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, STANDS);
  bench.guarded = [guardOf("own-address", "2001:db8::dead")];
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, []);
  bench.guarded = [];
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, STANDS);
});

Deno.test("a network that the allowlist lifted is back when an address of it was detected meanwhile, once it is off the list", async () => {
  await using bench = new Bench();
  await bench.ban(ONE, TWO, THREE);
  for (const detected of [undefined, FOUR]) {
    await bench.pass(1_000);
    bench.guarded = [guardOf("allowlist", "2001:db8::dead")];
    await bench.say(lift(NETWORK, "hub"));
    await bench.pass(1_000);
    if (detected !== undefined) await bench.ban(detected);
    await bench.say(lift(ONE));
    deepStrictEqual(bench.networks, []);
    bench.guarded = [];
    await bench.pass(1_000);
    const isBack = detected !== undefined;
    deepStrictEqual(bench.networks, isBack ? STANDS : []);
    await bench.pass(1_000);
    await bench.ban(ONE);
    deepStrictEqual(bench.networks, STANDS);
  }
});

Deno.test("at the start networks are what the rules and the stored bans make them", async () => {
  const store = new MemoryBanStore();
  const clock = new ManualClock();
  const four = ["192.0.2.1", "192.0.2.2"];
  {
    await using bench = new Bench({ store, clock, widen6: "off" });
    await bench.ban(ONE, TWO, THREE, ...four);
    deepStrictEqual(bench.networks, []);
  }
  {
    await using bench = new Bench({ store, clock, widen4: "/28 after 2" });
    await bench.settle();
    deepStrictEqual(bench.networks, [
      "sshd 192.0.2.0/28 Infinity",
      ...STANDS,
    ]);
  }
  {
    await using bench = new Bench({ store, clock });
    await bench.settle();
    deepStrictEqual(bench.networks, STANDS);
    strictEqual(bench.hub.table.seq, 8);
  }
  await using bench = new Bench({ store, clock, widen6: "/60 after 3" });
  await bench.settle();
  deepStrictEqual(bench.networks, ["sshd 2001:db8::/60 Infinity"]);
});

Deno.test("what can't be stored is tried again, and said once", async () => {
  await using bench = new Bench();
  await bench.ban(ONE, TWO);
  const submitted = bench.hub.submit([{ event: reportOf(THREE) }]);
  await submitted;
  bench.store.failure = new RuntimeError("the disk is full");
  await bench.settle();
  await bench.pass(1_000);
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, []);
  bench.store.failure = undefined;
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, STANDS);
  const said = bench.log.events.filter((event) => event.startsWith("networks"));
  deepStrictEqual(said, [
    "networks can't be banned, or taken back",
    "networks are banned and taken back again",
  ]);
});

Deno.test("explain() tells how many addresses a network is banned for, and some of them", async () => {
  await using bench = new Bench();
  await bench.ban(
    ...Array.from({ length: 9 }, (_, at) => `2001:db8::${at + 1}`),
  );
  const why = bench.widening.explain(key(NETWORK));
  deepStrictEqual([why?.after, why?.members, why?.some.length], [3, 9, 5]);
  strictEqual(bench.widening.explain(key("2001:db8:1::/64")), undefined);
});

/** What may happen, in two networks of four addresses, with bans of whole seconds. */
const STEP = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("report" as const),
      whom: fc.nat(7),
      node: fc.nat(1),
      seconds: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("withdraw" as const),
      whom: fc.nat(7),
      node: fc.nat(1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("lift" as const),
      whom: fc.nat(9),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("restart" as const),
    }),
  },
);

const NETWORKS = ["2001:db8:0:1::/64", "2001:db8:0:2::/64"] as const;

function nameOf(whom: number): string {
  if (whom >= 8) return NETWORKS[whom === 8 ? 0 : 1];
  return `2001:db8:0:${whom < 4 ? 1 : 2}::${whom % 4 + 1}`;
}

/** Sets of addresses and their ends: what is told, by address and node. */
class Model {
  readonly told = new Map<string, Map<string, number>>();
  readonly standing = new Set<string>();
  nowMs = 0;

  constructor(readonly after: number) {}

  pass(ms: number): void {
    this.nowMs += ms;
    for (const [whom, reports] of this.told) {
      for (const [node, endMs] of reports) {
        if (endMs <= this.nowMs) reports.delete(node);
      }
      if (reports.size === 0) this.told.delete(whom);
    }
    this.settle();
  }

  settle(detected?: string): void {
    for (const network of NETWORKS) {
      const isEnough = this.endsIn(network).length >= this.after;
      const begins = detected !== undefined && inNetwork(detected, network);
      if (!isEnough) this.standing.delete(network);
      else if (begins) this.standing.add(network);
    }
  }

  endsIn(network: string): readonly number[] {
    return [...this.told].filter(([whom]) => inNetwork(whom, network))
      .map(([, reports]) => Math.max(...reports.values()))
      .sort((left, right) => right - left);
  }

  /** Everything that is enforced, and until when. */
  get enforced(): readonly string[] {
    return [
      ...[...this.told].map(([whom, reports]) =>
        `${whom} ${Math.max(...reports.values())}`
      ),
      ...[...this.standing].map((network) =>
        `${network} ${this.endsIn(network)[this.after - 1]}`
      ),
    ].sort();
  }
}

function inNetwork(whom: string, network: string): boolean {
  return whom.startsWith(network.slice(0, -"/64".length));
}

function enforcedBy(bench: Bench): readonly string[] {
  return [...bench.hub.table.bans()].map(({ address, reports }) =>
    `${address} ${Math.max(...reports.map(({ expiresMs }) => expiresMs))}`
  ).sort();
}

Deno.test("what is enforced is what a simple model says, whatever is reported, taken back, lifted, over and restarted", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(STEP, { maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      async (steps, after) => {
        const options = {
          store: new MemoryBanStore(),
          clock: new ManualClock(),
          widen6: `/64 after ${after}`,
        };
        let bench = new Bench(options);
        const model = new Model(after);
        model.nowMs = bench.clock.nowMs();
        try {
          for (const step of steps) {
            switch (step.kind) {
              case "report": {
                const [whom, node] = [nameOf(step.whom), `web${step.node}`];
                const endMs = model.nowMs + step.seconds * 1_000;
                const [verdict] = await bench.say({
                  event: reportOf(whom, endMs, node),
                });
                if (verdict === "known") break;
                const reports = model.told.get(whom) ?? new Map();
                model.told.set(whom, reports.set(node, endMs));
                model.settle(whom);
                break;
              }
              case "withdraw": {
                const [whom, node] = [nameOf(step.whom), `web${step.node}`];
                await bench.say(withdrawal(whom, node));
                const reports = model.told.get(whom);
                reports?.delete(node);
                if (reports?.size === 0) model.told.delete(whom);
                model.settle();
                break;
              }
              case "lift": {
                const whom = nameOf(step.whom);
                await bench.say(lift(whom));
                model.told.delete(whom);
                model.standing.delete(whom);
                model.settle();
                break;
              }
              case "restart":
                await bench[Symbol.asyncDispose]();
                bench = new Bench(options);
                await bench.settle();
                break;
            }
            await bench.pass(1_000);
            model.pass(1_000);
            deepStrictEqual(enforcedBy(bench), model.enforced);
          }
        } finally {
          await bench[Symbol.asyncDispose]();
        }
      },
    ),
    { numRuns: 30 },
  );
});

Deno.test("a burst of many addresses of one network makes few changes of its ban", async () => {
  await using bench = new Bench();
  const count = 2_000;
  const startMs = bench.clock.nowMs() + 100_000;
  for (let at = 0; at < count; at++) {
    await bench.hub.submit([{
      event: reportOf(
        `2001:db8::${(at + 1).toString(16)}`,
        startMs + 2_000 * at,
      ),
    }]);
  }
  await bench.settle();
  await bench.pass(1_000);
  const changes = bench.hub.table.seq - count;
  ok(changes <= 3, `${changes}`);
  deepStrictEqual(bench.networks, [
    `sshd ${NETWORK} ${startMs + 2_000 * (count - 3)}`,
  ]);
});
