import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemorySharedLog } from "../support/memory/memory_shared_log.ts";
import { Handover } from "../../lib/engine/handover.ts";

Deno.test("nobody is waited for where the log is silent", async () => {
  const log = new MemorySharedLog();
  log.isSilent = true;
  const { signal } = new AbortController();
  await using handover = new Handover({
    ...{ log, signal, term: 1, lead: 1 },
    clock: new ManualClock(),
  });
  // The clock stands still: a wait would never end.
  await handover.taken();
});
