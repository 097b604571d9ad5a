import { ok } from "node:assert/strict";
import { runScrapes } from "../../../bench/scrape_bench.ts";

Deno.test("10,000 scrapes leave less behind than the text of two", async () => {
  const { grownBytes, bytes, series } = await runScrapes(10, 5, 1_000, 10_000);
  ok(series > 100, `${series}`);
  ok(grownBytes < 2 * bytes + 1e5, `${grownBytes} of ${bytes}`);
});
