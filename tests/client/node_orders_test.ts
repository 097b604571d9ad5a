import { deepStrictEqual, rejects } from "node:assert/strict";
import type { SessionId } from "../../lib/base/ids.ts";
import { NodeOrders, type UnbanHere } from "../../lib/client/node_orders.ts";
import type { NodeCondition, NodeMessage } from "../../lib/wire/v2_messages.ts";
import { PRESENCE_PACE } from "../../lib/wire/presence_pace.ts";
import { address, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const KEY = { jail: jail("sshd"), address: address("203.0.113.7") };

const condition = (): NodeCondition => ({
  kind: "monitor",
  logReadAgoMs: 7,
  unacknowledged: 0,
  oldestAgoMs: null,
});

Deno.test("NodeOrders carries orders out one after the other, and forgets those of a session before", async () => {
  const done: (() => void)[] = [];
  let begun = 0;
  const clock = new ManualClock();
  const unban: UnbanHere = async () => {
    begun++;
    const { promise, resolve } = Promise.withResolvers<void>();
    done.push(resolve);
    await promise;
    return { outcome: "lifted", detail: "" };
  };
  const orders = new NodeOrders({
    unban,
    clock,
    condition,
    pace: PRESENCE_PACE,
  });
  orders.put({ kind: "UNBAN", order: 1, ...KEY });
  const answered: number[] = [];
  const stop = new AbortController();
  const session = "1".repeat(32) as SessionId;
  const running = rejects(orders.run(stop.signal, session, (answer) => {
    if (answer.kind === "UNBANNED") answered.push(answer.order);
    return Promise.resolve();
  }));
  await settled();
  deepStrictEqual([begun, answered], [0, []]);
  orders.put({ kind: "UNBAN", order: 2, ...KEY });
  orders.put({ kind: "UNBAN", order: 3, ...KEY });
  await settled();
  deepStrictEqual([begun, answered], [1, []]);
  done[0]?.();
  await settled();
  deepStrictEqual([begun, answered], [2, [2]]);
  done[1]?.();
  await settled();
  deepStrictEqual(answered, [2, 3]);
  // Nobody waits any more for the one that had to wait for too long.
  orders.put({ kind: "UNBAN", order: 4, ...KEY });
  orders.put({ kind: "UNBAN", order: 5, ...KEY });
  await clock.advance(3_001);
  orders.put({ kind: "UNBAN", order: 6, ...KEY });
  done[2]?.();
  await settled();
  done[3]?.();
  await settled();
  deepStrictEqual(answered, [2, 3, 4, 6]);
  stop.abort();
  await running;
});

Deno.test("NodeOrders answers a probe while a drill goes on, and takes one drill at a time", async () => {
  const drilled = Promise.withResolvers<void>();
  let drills = 0;
  const orders = new NodeOrders({
    ...{ condition, clock: new ManualClock(), pace: PRESENCE_PACE },
    judge: () => ({
      ...{ refused: "", revision: 3, minPrefix4: 24, minPrefix6: 48 },
      allowPrivate: false,
    }),
    drill: async () => {
      drills++;
      await drilled.promise;
      return { actions: [], detail: "it is a dry run" };
    },
  });
  const answers: NodeMessage[] = [];
  const stop = new AbortController();
  const session = "1".repeat(32) as SessionId;
  const running = rejects(orders.run(stop.signal, session, (answer) => {
    answers.push(answer);
    return Promise.resolve();
  }));
  await settled();
  const { address: whom } = KEY;
  orders.put({ kind: "DRILL", order: 1, address: whom, holdMs: 5_000 });
  await settled();
  for (const order of [2, 3]) {
    orders.put({ kind: "DRILL", order, address: whom, holdMs: 5_000 });
  }
  orders.put({ kind: "PROBE", order: 4, address: whom });
  await settled();
  deepStrictEqual(answers, [{
    ...{ kind: "PROBED", session, order: 4, refused: "", revision: 3 },
    ...{ minPrefix4: 24, minPrefix6: 48, allowPrivate: false },
    state: condition(),
  }]);
  deepStrictEqual(drills, 1);
  drilled.resolve();
  await settled();
  deepStrictEqual(
    answers.flatMap((answer) => answer.kind === "DRILLED" ? answer.order : []),
    [1, 2],
  );
  stop.abort();
  await running;
});

Deno.test("NodeOrders says that nothing is banned here, and says nothing to a probe, where nobody says what to do", async () => {
  const clock = new ManualClock();
  const orders = new NodeOrders({ condition, clock, pace: PRESENCE_PACE });
  const answers: string[] = [];
  const stop = new AbortController();
  const session = "1".repeat(32) as SessionId;
  const running = rejects(orders.run(stop.signal, session, (answer) => {
    answers.push(answer.kind === "DRILLED" ? answer.detail : answer.kind);
    return Promise.resolve();
  }));
  await settled();
  const { address: whom } = KEY;
  orders.put({ kind: "PROBE", order: 1, address: whom });
  orders.put({ kind: "DRILL", order: 2, address: whom, holdMs: 1 });
  await settled();
  deepStrictEqual(answers, ["no action here keeps bans in force"]);
  stop.abort();
  await running;
});
