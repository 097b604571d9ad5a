/**
 * Allocates medium-lived memory until V8's young generation exceeds a limit or
 * stops growing, and prints its size in MiB.
 *
 * usage: deno run young_heap.ts LIMIT_MIB
 *
 * @module
 */

import { getHeapSpaceStatistics } from "node:v8";

const LIMIT_BYTES = Number(Deno.args[0]) * 2 ** 20;
const ROUNDS = 20;
const MADE_A_ROUND = 500_000;
const LOOK_EVERY = 10_000;

let mostBytes = 0;
for (let round = 0; round < ROUNDS && mostBytes <= LIMIT_BYTES; round++) {
  const kept: unknown[] = [];
  for (let made = 0; made < MADE_A_ROUND; made++) {
    kept.push({ made, others: [made] });
    if (made % LOOK_EVERY > 0) continue;
    const young = getHeapSpaceStatistics()
      .find(({ space_name }) => space_name === "new_space");
    mostBytes = Math.max(mostBytes, young?.space_size ?? NaN);
  }
}
await Deno.stdout.write(
  new TextEncoder().encode(String(mostBytes / 2 ** 20)),
);
