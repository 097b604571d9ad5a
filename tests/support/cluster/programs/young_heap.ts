/**
 * Allocates medium-lived memory and prints the size of V8's young generation,
 * in MiB: what nine of ten looks at it don't exceed. While V8 clears it, it is
 * larger for a moment, by as much as survives and as its threads get to run.
 *
 * usage: deno run young_heap.ts
 *
 * @module
 */

import { getHeapSpaceStatistics } from "node:v8";

const ROUNDS = 20;
const MADE_A_ROUND = 500_000;
const LOOK_EVERY = 10_000;

const bytes: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const kept: unknown[] = [];
  for (let made = 0; made < MADE_A_ROUND; made++) {
    kept.push({ made, others: [made] });
    if (made % LOOK_EVERY > 0) continue;
    const young = getHeapSpaceStatistics()
      .find(({ space_name }) => space_name === "new_space");
    bytes.push(young?.space_size ?? NaN);
  }
}
bytes.sort((one, other) => one - other);
const most = bytes[Math.floor(bytes.length * 0.9)] ?? NaN;
await Deno.stdout.write(new TextEncoder().encode(String(most / 2 ** 20)));
