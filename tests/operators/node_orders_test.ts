import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { NodeRole, SessionId } from "../../lib/base/ids.ts";
import type { ConnectedProgram } from "../../lib/operators/node_moves.ts";
import { NodeOrders } from "../../lib/operators/node_orders.ts";
import type { PublisherMessage } from "../../lib/wire/v2_messages.ts";
import {
  address,
  host,
  IDLE_MONITOR,
  IDLE_SUBSCRIBER,
  jail,
} from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const KEY = { jail: jail("sshd"), address: address("203.0.113.7") };
const [MONITOR, SUBSCRIBER] = ["1", "2"].map((digit) =>
  digit.repeat(32) as SessionId
);
const { signal } = new AbortController();

function session(
  id: SessionId | undefined,
  role: NodeRole,
  node = "web1",
): readonly ConnectedProgram[] {
  if (id === undefined) return [];
  return [{ id, role, node: host(node) }];
}

class Bench {
  readonly clock = new ManualClock();
  readonly said: (readonly [to: SessionId, PublisherMessage])[] = [];
  readonly broadcasts: string[] = [];
  sessions: readonly ConnectedProgram[] = [
    ...session(MONITOR, "monitor"),
    ...session(SUBSCRIBER, "subscriber"),
  ];
  readonly orders = new NodeOrders({
    clock: this.clock,
    sessions: () => this.sessions,
    say: (id, message) => {
      this.said.push([id, message]);
    },
    broadcast: (...probe) => {
      this.broadcasts.push(probe.join(" "));
    },
  });

  ask() {
    return this.orders.unban(host("web1"), KEY, 3_000, signal);
  }

  /** A program says what it would do; `null`: of another role. */
  probed(session: SessionId | undefined, role: NodeRole, order = 1): void {
    if (session === undefined) return;
    this.orders.note({
      ...{ kind: "PROBED", session, order, refused: "", revision: 0 },
      ...{ minPrefix4: 24, minPrefix6: 48, allowPrivate: false },
      state: role === "monitor" ? IDLE_MONITOR : IDLE_SUBSCRIBER,
    });
  }

  answer(
    session: SessionId | undefined,
    outcome: "lifted" | "absent" | "off" | "failed",
    order = 1,
  ): void {
    if (session === undefined) return;
    const detail = outcome === "failed" ? "why" : "";
    this.orders.note({ kind: "UNBANNED", session, order, outcome, detail });
  }
}

Deno.test("unban() has each program of a node asked, and is over once one has lifted the ban", async () => {
  const bench = new Bench();
  const asking = bench.ask();
  const message = { kind: "UNBAN", order: 1, ...KEY };
  deepStrictEqual(bench.said, [[MONITOR, message], [SUBSCRIBER, message]]);
  bench.answer(SUBSCRIBER, "lifted");
  deepStrictEqual(await asking, { outcome: "lifted", detail: "" });
});

Deno.test("unban() gives the answer that says most, once all programs have answered", async () => {
  const bench = new Bench();
  const asking = bench.ask();
  bench.answer(SUBSCRIBER, "failed");
  // Another's session, a second answer and another order count for nothing.
  bench.answer("3".repeat(32) as SessionId, "lifted");
  bench.answer(SUBSCRIBER, "lifted");
  bench.answer(MONITOR, "lifted", 2);
  await settled();
  bench.answer(MONITOR, "off");
  deepStrictEqual(await asking, { outcome: "failed", detail: "why" });
});

Deno.test("unban() tells of who is not connected, and of who does not answer in time", async () => {
  const bench = new Bench();
  bench.sessions = [];
  strictEqual((await bench.ask()).outcome, "away");
  bench.sessions = session(MONITOR, "monitor");
  const asking = bench.ask();
  await bench.clock.advance(3_000);
  strictEqual((await asking).outcome, "silent");
  bench.answer(MONITOR, "lifted", 2);
});

Deno.test("probe() asks monitors in their sessions and subscribers on the stream, and is over once each program has answered", async () => {
  const bench = new Bench();
  // A session of before of the same program is silent.
  const before = "4".repeat(32) as SessionId;
  bench.sessions = [...session(before, "monitor"), ...bench.sessions];
  const order = { address: KEY.address, node: null, waitMs: 5_000 };
  const probing = bench.orders.probe(order, signal);
  const message = { kind: "PROBE", order: 1, address: KEY.address };
  deepStrictEqual(bench.said, [[before, message], [MONITOR, message]]);
  deepStrictEqual(bench.broadcasts, [`1 ${KEY.address} `]);
  await bench.clock.advance(4);
  bench.probed(MONITOR, "monitor");
  await bench.clock.advance(3);
  // What is said to another order, in another form or by nobody that was asked counts for nothing.
  bench.probed(SUBSCRIBER, "subscriber", 2);
  bench.answer(SUBSCRIBER, "lifted");
  bench.probed("3".repeat(32) as SessionId, "subscriber");
  bench.probed(SUBSCRIBER, "subscriber");
  deepStrictEqual(
    (await probing).map(({ node, role, said }) => [node, role, said?.tookMs]),
    [["web1", "monitor", 4], ["web1", "subscriber", 7]],
  );
});

Deno.test("probe() tells of who does not answer in time, and who answers for another role", async () => {
  const bench = new Bench();
  const order = { address: KEY.address, node: host("WEB1"), waitMs: 5_000 };
  const probing = bench.orders.probe(order, signal);
  bench.probed(MONITOR, "subscriber");
  await bench.clock.advance(5_000);
  deepStrictEqual(
    (await probing).map(({ role, said }) => [role, said]),
    [["monitor", undefined], ["subscriber", undefined]],
  );
  const nobody = { ...order, node: host("web2") };
  deepStrictEqual(await bench.orders.probe(nobody, signal), []);
});

Deno.test("drill() is for the subscriber that was heard last, and gives what it says", async () => {
  const bench = new Bench();
  const last = "5".repeat(32) as SessionId;
  bench.sessions = [...bench.sessions, ...session(last, "subscriber")];
  const order = {
    ...{ address: KEY.address, node: host("web1") },
    ...{ holdMs: 5_000, waitMs: 30_000 },
  };
  const drilling = bench.orders.drill(order, signal);
  const { address, holdMs } = order;
  deepStrictEqual(bench.said, [
    [last, { kind: "DRILL", order: 1, address, holdMs }],
  ]);
  bench.orders.note({
    ...{ kind: "DRILLED", session: last, order: 1, actions: [] },
    detail: "it is a dry run",
  });
  strictEqual((await drilling)?.detail, "it is a dry run");
  const silent = bench.orders.drill(order, signal);
  await bench.clock.advance(30_000);
  strictEqual(await silent, undefined);
  bench.sessions = session(MONITOR, "monitor");
  strictEqual(await bench.orders.drill(order, signal), undefined);
});
