/**
 * A subscriber as its ledger sees it: notes and forgets a thousand bans, again
 * and again, until its input ends; they stay noted then.
 *
 * Arguments: the ledger's path.
 *
 * @module
 */

import { SqliteLedger } from "../../../lib/io/ban_ledger.ts";
import { banEvents, jail } from "../core_values.ts";

const [path = ""] = Deno.args;
const bans = banEvents(1_000).map((
  { origin, jail: reportedJail, address },
) => ({
  jail: jail("web"),
  address,
  expiresMs: Infinity,
  origin,
  reportedJail,
}));
using ledger = new SqliteLedger(path);
const input = Deno.stdin.readable.getReader();
const ended = input.read();
let isOver = false;
ended.then(() => isOver = true);
for (let round = 0; !isOver; round++) {
  ledger.note("a", bans);
  if (round === 0) Deno.stdout.writeSync(new TextEncoder().encode("writes\n"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  ledger.forget("a", bans, Date.now());
}
await ended;
ledger.note("a", bans);
Deno.stdout.writeSync(new TextEncoder().encode("done\n"));
