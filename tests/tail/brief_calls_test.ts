import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { BriefCalls } from "../../lib/tail/brief_calls.ts";

/** Which way a call goes. */
async function way(calls: BriefCalls, isLocal = true): Promise<string> {
  return await calls.make(
    isLocal,
    () => "at once",
    () => Promise.resolve("later"),
  );
}

Deno.test("BriefCalls makes calls at once while the loop has turned a moment ago, and lets it turn else", async () => {
  let nowMs = 0;
  const calls = new BriefCalls(() => nowMs);
  strictEqual(await way(calls), "later", "nobody said that the loop turned");
  deepStrictEqual([await way(calls), await way(calls)], ["at once", "at once"]);
  nowMs += 4.9;
  strictEqual(await way(calls), "at once");
  nowMs += 0.1;
  strictEqual(await way(calls), "later");
  strictEqual(await way(calls), "at once");
});

Deno.test("BriefCalls never holds the loop for a disk of another host", async () => {
  const calls = new BriefCalls(() => 0);
  calls.noteTurn();
  strictEqual(await way(calls, false), "later");
});
