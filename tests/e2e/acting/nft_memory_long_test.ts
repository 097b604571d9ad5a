import { ok, strictEqual } from "node:assert/strict";
import { testNft } from "../../support/enforce/nft_host.ts";

const PROGRAM = new URL(
  "../../support/enforce/nft_cycles.ts",
  import.meta.url,
).pathname;
/** The first ones are a warm-up: what is compiled and kept for use again. */
const BLOCKS = 9;
/** In each of them every ban is put in force and lifted, and lists follow by others' changes. */
const CYCLES = 40;
const BANS = 100;

/** What V8 holds after it collected its garbage may grow so much, for what it compiles. */
const HEAP_FACTOR = 1.05;
/** What the process holds goes up and down with its garbage. */
const RESIDENT_FACTOR = 1.25;

testNft(
  "the memory of what enforces bans is flat over 36,000 bans and lifts in nftables, and others' changes",
  async (host) => {
    const flags = ["--no-check", "--v8-flags=--expose-gc"];
    const text = await host.run(
      ...[Deno.execPath(), "run", "-A", ...flags, PROGRAM],
      ...[BLOCKS, CYCLES, BANS].map(String),
    );
    const blocks = text.trim().split("\n").map((line) => JSON.parse(line));
    strictEqual(blocks.length, BLOCKS);
    const most = (from: number, to: number, what: string) =>
      Math.max(...blocks.slice(from, to).map((block) => block[what]));
    for (
      const [what, factor] of [
        ["heapUsed", HEAP_FACTOR],
        ["rss", RESIDENT_FACTOR],
      ] as const
    ) {
      const [middle, last] = [most(3, 6, what), most(6, 9, what)];
      ok(last <= factor * middle, `${what} from ${middle} to ${last}: ${text}`);
    }
  },
);
