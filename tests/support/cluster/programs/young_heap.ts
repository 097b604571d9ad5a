/**
 * Makes much that stays for a while, until V8's young generation has grown as far as it may, and
 * prints how large that was, in MiB.
 *
 * @module
 */

import { getHeapSpaceStatistics } from "node:v8";

const ROUNDS = 10;
const MADE_A_ROUND = 500_000;
const LOOK_EVERY = 10_000;

let mostBytes = 0;
for (let round = 0; round < ROUNDS; round++) {
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
  new TextEncoder().encode(String(Math.round(mostBytes / 2 ** 20))),
);
