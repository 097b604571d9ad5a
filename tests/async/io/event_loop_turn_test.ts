import { ok, strictEqual } from "node:assert/strict";
import { EventLoopTurn } from "../../../lib/async/io/event_loop_turn.ts";

Deno.test("EventLoopTurn is long for those who go on asking without a turn of the loop, and no longer after one", async () => {
  const turn = new EventLoopTurn();
  let asked = 1;
  while (!turn.isLong) asked++;
  ok(asked > 8, String(asked));
  await turn.next();
  strictEqual(turn.isLong, false);
});

Deno.test("EventLoopTurn takes no timer for the few messages of a quiet time", () => {
  // The runtime fails a test that leaves one.
  strictEqual(new EventLoopTurn().isLong, false);
});
