import { deepStrictEqual, rejects } from "node:assert/strict";
import type { SessionId } from "../../lib/base/ids.ts";
import { type UnbanHere, UnbanOrders } from "../../lib/client/unban_orders.ts";
import { PRESENCE_PACE } from "../../lib/wire/presence_pace.ts";
import { address, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";

const KEY = { jail: jail("sshd"), address: address("203.0.113.7") };

Deno.test("UnbanOrders carries orders out one after the other, and forgets those of a session before", async () => {
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
  const orders = new UnbanOrders({ unban, clock, pace: PRESENCE_PACE });
  orders.put({ order: 1, ...KEY });
  const answered: number[] = [];
  const stop = new AbortController();
  const session = "1".repeat(32) as SessionId;
  const running = rejects(orders.run(stop.signal, session, (answer) => {
    if (answer.kind === "UNBANNED") answered.push(answer.order);
    return Promise.resolve();
  }));
  await settled();
  deepStrictEqual([begun, answered], [0, []]);
  orders.put({ order: 2, ...KEY });
  orders.put({ order: 3, ...KEY });
  await settled();
  deepStrictEqual([begun, answered], [1, []]);
  done[0]?.();
  await settled();
  deepStrictEqual([begun, answered], [2, [2]]);
  done[1]?.();
  await settled();
  deepStrictEqual(answered, [2, 3]);
  // Nobody waits any more for the one that had to wait for too long.
  orders.put({ order: 4, ...KEY });
  orders.put({ order: 5, ...KEY });
  await clock.advance(3_001);
  orders.put({ order: 6, ...KEY });
  done[2]?.();
  await settled();
  done[3]?.();
  await settled();
  deepStrictEqual(answered, [2, 3, 4, 6]);
  stop.abort();
  await running;
});
