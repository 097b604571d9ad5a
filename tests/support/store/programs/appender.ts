/**
 * A publisher's store under load until it is killed: appends batches, prints
 * the sequence number of each change once it is stored, and writes snapshots in
 * between.
 *
 * Arguments: the store's path, its durability, a seed for the batches.
 *
 * @module
 */

import type { Durability } from "../../../../lib/ban/ban_store.ts";
import { SqliteBanStore } from "../../../../lib/store/io/sqlite_ban_store.ts";
import {
  banKeyAt,
  eventName,
  report,
  withdraw,
} from "../../values/stored_changes.ts";

const [path = "", durability = "power", seed = "0"] = Deno.args;
const store = SqliteBanStore.open({
  path,
  durability: durability as Durability,
  // Frequent snapshots of many steps.
  pace: { partBans: 20, minChanges: 30 },
});
const encoder = new TextEncoder();
/** A batch has 1 to 16 changes of at most this many bans. */
const BANS = 200;

for (let batch = Number(seed);; batch = Math.imul(batch, 48_271) >>> 0) {
  const { seq } = store;
  const entries = Array.from({ length: 1 + batch % 16 }, (_, index) => {
    const next = seq + 1 + index;
    const key = banKeyAt(next % BANS);
    const change = next % 7 === 0 ? withdraw(next, key) : report(next, key);
    return { event: eventName(`event-${next}`), change };
  });
  await store.append(entries, Date.now());
  await store.settle();
  Deno.stdout.writeSync(encoder.encode(`${store.seq}\n`));
}
