/**
 * A subscriber from its ledger's point of view: notes and removes a thousand
 * bans repeatedly until its input ends, and then leaves them noted.
 *
 * Arguments: the ledger's path.
 *
 * @module
 */

import { SqliteLedger } from "../../../lib/enforce/io/sqlite_ban_ledger.ts";
import { banEvents, jail } from "../values/core_values.ts";

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
  ledger.recordStart("a", bans, Date.now());
  if (round === 0) Deno.stdout.writeSync(new TextEncoder().encode("writes\n"));
  await new Promise((resolve) => setTimeout(resolve, 0));
  ledger.recordOutcome(
    "a",
    bans.map((ban) => ({ ban, state: "none" })),
    Date.now() - 10_000,
  );
}
await ended;
ledger.recordStart("a", bans, Date.now());
Deno.stdout.writeSync(new TextEncoder().encode("done\n"));
