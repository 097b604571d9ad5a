import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import { OPERATOR_ORIGIN } from "../../lib/base/operator_name.ts";
import {
  onlyObserving,
  type ReceiverChoice,
  TAKE_ALL,
} from "../../lib/choice/receiver_choice.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { TestService } from "../../lib/operators/test_service.ts";
import type {
  DrillOrder,
  ProbedProgram,
  ProbeOrder,
  ProbeSaid,
} from "../../lib/operators/node_orders.ts";
import type { ProtectionPolicy } from "../../lib/protection/protection_policy.ts";
import type { LiveNode, LiveRole } from "../../lib/wire/operator_status.ts";
import type { TestOrder } from "../../lib/wire/operator_testing.ts";
import type { NodeCondition } from "../../lib/wire/v2_messages.ts";
import type { DrillWord } from "../../lib/wire/v2_probes.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  address,
  host,
  IDLE_MONITOR,
  IDLE_SUBSCRIBER,
  jail,
} from "../support/values/core_values.ts";
import { guardOf } from "../support/values/guards.ts";

const PROBED = address("192.0.2.1");
const POLICY: ProtectionPolicy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
const SAID: ProbeSaid = {
  ...{ refused: "", revision: 4, minPrefix4: 24, minPrefix6: 48 },
  ...{ allowPrivate: false, state: IDLE_MONITOR, tookMs: 1.5 },
};
const READING_MONITOR: NodeCondition = {
  ...{ kind: "monitor", logReadAgoMs: 9, unacknowledged: 0 },
  oldestAgoMs: null,
};
const DONE: DrillWord = {
  actions: [{
    ...{ name: "nftables", outcome: "restored", isSeen: true, tookMs: 9 },
    detail: "",
  }],
  detail: "",
};
const { signal } = new AbortController();

function role(
  name: LiveRole["role"],
  state: LiveRole["state"],
  seenAgoMs: number | null = 2_000,
): LiveRole {
  return {
    ...{ role: name, state, seenAgoMs, version: "0.2.0", lag: null },
    ...{ condition: null, toldAgoMs: null, hasTwin: false },
  };
}

function live(name: string, ...roles: readonly LiveRole[]): LiveNode {
  return {
    ...{ node: host(name), state: "ok", seenAgoMs: 2_000, roles },
    ...{ accepted: 0, known: 0, refused: 0, reports: 0, aside: null },
  };
}

class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryBanStore();
  readonly deeds: string[] = [];
  readonly probes: ProbeOrder[] = [];
  readonly drills: DrillOrder[] = [];
  policy = POLICY;
  revision = 4;
  members: readonly LiveNode[] = [
    live("web1", role("monitor", "ok"), role("subscriber", "ok")),
    live("db3", role("subscriber", "silent", 840_000)),
  ];
  answers: readonly ProbedProgram[] = [];
  /** What drills wait for. */
  drilled: Promise<DrillWord | undefined> = Promise.resolve(DONE);
  readonly hub: BanHub;
  readonly service: TestService;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const { clock, store } = this;
    const log = new MemoryLog();
    this.hub = new BanHub({ clock, log, store, onKept: () => {} });
    this.service = new TestService({
      ...{ hub: this.hub, store, clock, aheadMs: () => 7 },
      nodes: {
        live: () => this.members,
        orders: {
          probe: (order) => {
            this.probes.push(order);
            return Promise.resolve(this.answers);
          },
          drill: (order) => {
            this.drills.push(order);
            return this.drilled;
          },
        },
      },
      protection: () => this.policy,
      allowlist: () => ({ revision: this.revision }),
      record: (...deed) => {
        this.deeds.push(deed.join("|"));
        return Promise.resolve();
      },
    });
    this.#running = this.hub.run(this.#stop.signal).catch(() => {});
  }

  test(more: Partial<TestOrder> = {}) {
    const order = { by: "root", node: null, address: PROBED, firewall: false };
    return this.service.test({ ...order, ...more }, signal);
  }

  heard(
    node: string,
    state: ProbeSaid["state"],
    more: Partial<ProbeSaid> = {},
  ): ProbedProgram {
    const said = { ...SAID, ...more, state };
    return { node: host(node), role: state.kind, said };
  }

  /** The subscriber of web1 answers with its copy up to a number. */
  following(seq: number, more: Partial<ProbeSaid> = {}): ProbedProgram {
    const { epoch } = this.store;
    const state = { ...IDLE_SUBSCRIBER, ...{ epoch, seq } };
    return this.heard("web1", state as ProbeSaid["state"], more);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("test() tells of each program what it said, and of who said nothing why, and leaves table and past alone", async () => {
  await using bench = new Bench();
  bench.members = [
    ...bench.members,
    live("db4", role("subscriber", "silent"), role("monitor", "never", null)),
    live("db5", role("subscriber", "away", 60_000)),
    live("new", role("subscriber", "never", null)),
  ];
  bench.answers = [
    bench.heard("web1", READING_MONITOR),
    bench.following(0, { tookMs: 4.1234 }),
    { node: host("db3"), role: "subscriber", said: undefined },
  ];
  const tested = await bench.test();
  deepStrictEqual(bench.probes, [
    { address: PROBED, node: null, waitMs: 5_000 },
  ]);
  deepStrictEqual(
    tested.nodes.map(({ node, programs }) => [
      node,
      ...programs.map(({ role, outcome, tookUs, seenAgoMs }) =>
        `${role} ${outcome} ${tookUs} ${seenAgoMs}`
      ),
    ]),
    [
      ["web1", "monitor heard 1500 2000", "subscriber heard 4123 2000"],
      ["db3", "subscriber silent null 840000"],
      ["db4", "subscriber apart null 2000"],
      ["db5", "subscriber away null 60000"],
      ["new"],
    ],
  );
  const [web1] = tested.nodes;
  deepStrictEqual(
    web1?.programs.map(({ logReadAgoMs, behind, actions }) => [
      logReadAgoMs,
      behind,
      actions,
    ]),
    [[9, null, null], [null, 0, 0]],
  );
  strictEqual(tested.refused, "");
  strictEqual(bench.hub.table.size, 0);
  strictEqual(bench.store.seq, 0);
  deepStrictEqual([bench.deeds, bench.drills], [[], []]);
  // Something was written, and what it says of the clock stays.
  deepStrictEqual(bench.store.time?.aheadMs, 7);
  const { time } = bench.store;
  await bench.test();
  deepStrictEqual(bench.store.time, time);
});

Deno.test("test() tells by which rules a node differs; a list that has just changed is no difference", async () => {
  await using bench = new Bench();
  const differing = {
    ...{ refused: "ignoreip: 192.0.2.0/24", revision: 3, minPrefix4: 16 },
    ...{ minPrefix6: 64, allowPrivate: true },
  };
  bench.answers = [bench.following(0, differing)];
  const [web1] = (await bench.test()).nodes;
  deepStrictEqual(web1?.programs[1]?.disagreements, [
    { rule: "verdict", node: "ignoreip: 192.0.2.0/24", hub: "allowed" },
    { rule: "allowlist", node: "3", hub: "4" },
    { rule: "minprefix4", node: "16", hub: "24" },
    { rule: "minprefix6", node: "64", hub: "48" },
    { rule: "allowprivate", node: "true", hub: "false" },
  ]);

  // Both refuse it by the same rule.
  const refused = "ignoreip: 192.0.2.0/24";
  bench.policy = { ...POLICY, guarded: [guardOf("ignoreip", "192.0.2.0/24")] };
  bench.answers = [bench.following(0, { refused })];
  const same = await bench.test();
  strictEqual(same.refused, refused);
  deepStrictEqual(same.nodes[0]?.programs[1]?.disagreements, []);

  bench.policy = POLICY;
  bench.answers = [bench.following(0, { revision: 4 })];
  const testing = bench.test();
  await settled();
  bench.revision = 5;
  deepStrictEqual((await testing).nodes[0]?.programs[1]?.disagreements, []);
});

Deno.test("test() tells how many changes before the probe a copy has not", async () => {
  await using bench = new Bench();
  for (const text of ["203.0.113.1", "203.0.113.2", "203.0.113.3"]) {
    await bench.hub.submit([{
      event: {
        ...{ kind: "report", jail: jail("sshd"), address: address(text) },
        ...{ origin: OPERATOR_ORIGIN, expiresMs: Infinity },
      },
    }]);
  }
  bench.answers = [bench.following(2)];
  strictEqual((await bench.test()).nodes[0]?.programs[1]?.behind, 1);
  // Numbers of another epoch count for nothing.
  const other = "0".repeat(32);
  const state = { ...IDLE_SUBSCRIBER, epoch: other, seq: 9 };
  bench.answers = [bench.heard("web1", state as ProbeSaid["state"])];
  strictEqual((await bench.test()).nodes[0]?.programs[1]?.behind, 3);
});

Deno.test("test() with the firewall has each subscriber drill that was heard, and is audited", async () => {
  await using bench = new Bench();
  bench.answers = [
    bench.heard("web1", IDLE_MONITOR),
    bench.following(0),
    { node: host("db3"), role: "subscriber", said: undefined },
  ];
  const tested = await bench.test({ firewall: true });
  deepStrictEqual(bench.drills, [{
    ...{ address: PROBED, node: host("web1") },
    ...{ holdMs: 5_000, waitMs: 30_000 },
  }]);
  deepStrictEqual(
    tested.nodes.map(({ drill, isDrilled }) => [drill, isDrilled]),
    [[DONE, true], [null, false]],
  );
  deepStrictEqual(bench.deeds, [
    "root|test|192.0.2.1|with the firewall of 1 node",
  ]);
});

Deno.test("test() refuses a drill of whom somebody may be, who is protected, and who is banned or within what is", async () => {
  await using bench = new Bench();
  const drill = (text: string) =>
    bench.test({ firewall: true, address: address(text) });
  const why = (message: RegExp) => (error: unknown) =>
    error instanceof RuntimeError && message.test(error.message);
  for (const text of ["198.18.0.1", "192.0.2.0/24", "127.0.0.1", "2a00::1"]) {
    await rejects(drill(text), why(/may be a real host/));
  }
  bench.policy = { ...POLICY, guarded: [guardOf("gateway", "192.0.2.1")] };
  await rejects(drill("192.0.2.1"), why(/must not be banned: gateway/));
  bench.policy = POLICY;
  await bench.hub.submit([{
    event: {
      ...{ kind: "report", jail: jail("sshd") },
      ...{ address: address("192.0.2.0/28"), origin: host("web1") },
      expiresMs: Infinity,
    },
  }]);
  await rejects(drill("192.0.2.1"), why(/192\.0\.2\.0\/28 is banned/));
  deepStrictEqual([bench.drills, bench.deeds, bench.probes], [[], [], []]);
  // A probe bans nobody: it is for any address.
  const { refused } = await bench.test({ address: address("127.0.0.1") });
  strictEqual(refused, "loopback: 127.0.0.0/8");
  await rejects(bench.test({ node: host("nobody") }), why(/is no member/));
});

Deno.test("test() is one at a time, also while nodes drill for an operator who is gone", async () => {
  await using bench = new Bench();
  bench.answers = [bench.following(0)];
  const drilled = Promise.withResolvers<DrillWord | undefined>();
  bench.drilled = drilled.promise;
  const testing = bench.test({ firewall: true });
  await settled();
  strictEqual(bench.drills.length, 1);
  await rejects(bench.test(), /a test is under way/);
  drilled.reject(new Error("the operator is gone"));
  await rejects(testing, /gone/);
  await rejects(bench.test(), /a test is under way/);
  await bench.clock.advance(30_000);
  ok(await bench.test());
});

Deno.test("test() counts the actions that act on what operators ban: a node that only observes has none", async () => {
  await using bench = new Bench();
  const action = {
    ...{ name: "nftables", wanted: 1, inForce: 1, failing: 0, refused: 0 },
  };
  const actionsOf = async (choice: ReceiverChoice) => {
    const state = { ...IDLE_SUBSCRIBER, actions: [action], choice };
    bench.answers = [bench.heard("web1", state)];
    return (await bench.test()).nodes[0]?.programs[1]?.actions;
  };
  strictEqual(await actionsOf(TAKE_ALL), 1);
  strictEqual(await actionsOf(onlyObserving(TAKE_ALL)), 0);
});
