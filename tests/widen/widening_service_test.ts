import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { importOrigin, OPERATOR_ORIGIN } from "../../lib/base/operator_name.ts";
import { host } from "../support/values/core_values.ts";
import { guardOf } from "../support/values/guards.ts";
import { DROP } from "../support/values/imports.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import {
  key,
  lift,
  reportOf,
  WideningBench,
  withdrawal,
} from "../support/bench/widening_bench.ts";

const [ONE, TWO, THREE, FOUR] = [1, 2, 3, 4].map((at) => `2001:db8::${at}`) as [
  string,
  string,
  string,
  string,
];
const NETWORK = "2001:db8::/64";
const STANDS = [`sshd ${NETWORK} Infinity`];

Deno.test("a network is banned once so many different addresses of it are, and ends with them", async () => {
  await using bench = new WideningBench();
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
  await using bench = new WideningBench({ nodes: 2 });
  await bench.ban(ONE, TWO, THREE);
  deepStrictEqual(bench.networks, []);
  await using other = new WideningBench({ widen6: "/64 after 2" });
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
  await using bench = new WideningBench({ nodes: 2 });
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
  await using bench = new WideningBench();
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
    await using bench = new WideningBench({ store, clock });
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
    await using bench = new WideningBench({ store, clock });
    await bench.pass(1_000);
    deepStrictEqual(bench.networks, []);
    await bench.say({
      event: { ...reportOf(FOUR), madeMs: clock.nowMs() },
    });
    deepStrictEqual(bench.networks, STANDS);
  }
});

Deno.test("another node that detects a member brings back a network that a node or the allowlist lifted", async () => {
  await using bench = new WideningBench();
  await bench.ban(ONE, TWO, THREE);
  await bench.pass(1_000);
  await bench.say(lift(NETWORK, "hub"));
  await bench.pass(1_000);
  deepStrictEqual(bench.networks, []);
  await bench.say({ event: reportOf(ONE, Infinity, "web2") });
  deepStrictEqual(bench.networks, STANDS);
});

Deno.test("no network is banned that has somebody who is protected, or is too wide; it is taken back when it comes to be so", async () => {
  await using bench = new WideningBench({
    widen6: "n:/40 after 1, /64 after 3",
  });
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
  await using bench = new WideningBench();
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
    await using bench = new WideningBench({ store, clock, widen6: "off" });
    await bench.ban(ONE, TWO, THREE, ...four);
    deepStrictEqual(bench.networks, []);
  }
  {
    await using bench = new WideningBench({
      store,
      clock,
      widen4: "/28 after 2",
    });
    await bench.settle();
    deepStrictEqual(bench.networks, [
      "sshd 192.0.2.0/28 Infinity",
      ...STANDS,
    ]);
  }
  {
    await using bench = new WideningBench({ store, clock });
    await bench.settle();
    deepStrictEqual(bench.networks, STANDS);
    strictEqual(bench.hub.table.seq, 8);
  }
  await using bench = new WideningBench({
    store,
    clock,
    widen6: "/60 after 3",
  });
  await bench.settle();
  deepStrictEqual(bench.networks, ["sshd 2001:db8::/60 Infinity"]);
});

Deno.test("what can't be stored is tried again, and said once", async () => {
  await using bench = new WideningBench();
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
  await using bench = new WideningBench();
  await bench.ban(
    ...Array.from({ length: 9 }, (_, at) => `2001:db8::${at + 1}`),
  );
  const why = bench.widening.explain(key(NETWORK));
  deepStrictEqual([why?.after, why?.members, why?.some.length], [3, 9, 5]);
  strictEqual(bench.widening.explain(key("2001:db8:1::/64")), undefined);
});

/** What may happen, in two networks of four addresses, with bans of whole seconds. */
Deno.test("a burst of many addresses of one network makes few changes of its ban", async () => {
  await using bench = new WideningBench();
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
