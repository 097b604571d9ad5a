import { deepStrictEqual, rejects } from "node:assert/strict";
import type { SessionId } from "../../lib/base/ids.ts";
import { MoveOrders } from "../../lib/client/move_orders.ts";
import type { NodeMessage } from "../../lib/wire/v2_messages.ts";
import { settled } from "../support/memory/manual_clock.ts";

const SESSION = "1".repeat(32) as SessionId;

function order(number: number) {
  return {
    order: number,
    controlUrl: `tcp://192.0.2.${number}:5681`,
    streamUrl: `tcp://192.0.2.${number}:5682`,
  };
}

async function running(
  orders: MoveOrders,
  work: (answers: readonly NodeMessage[]) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const answers: NodeMessage[] = [];
  const run = rejects(orders.run(stop.signal, SESSION, (answer) => {
    answers.push(answer);
    return Promise.resolve();
  }));
  await settled();
  await work(answers);
  stop.abort();
  await run;
}

Deno.test("MoveOrders answers each order, forgets that of a session before, and of several goes by the last", async () => {
  const noted: string[] = [];
  const orders = new MoveOrders(({ controlUrl }) => {
    noted.push(controlUrl);
    return Promise.resolve({ outcome: "taken", detail: "" });
  });
  orders.put(order(1));
  await running(orders, async (answers) => {
    deepStrictEqual(answers, []);
    orders.put(order(2));
    orders.put(order(3));
    await settled();
    deepStrictEqual(answers, [{
      ...{ kind: "MOVED", session: SESSION, order: 3 },
      ...{ outcome: "taken", detail: "" },
    }]);
  });
  deepStrictEqual(noted, ["tcp://192.0.2.3:5681"]);
});

Deno.test("MoveOrders of a program that keeps no address says so", async () => {
  const orders = new MoveOrders();
  await running(orders, async (answers) => {
    orders.put(order(1));
    await settled();
    deepStrictEqual(
      answers.map((answer) => answer.kind === "MOVED" && answer.outcome),
      ["failed"],
    );
  });
});
