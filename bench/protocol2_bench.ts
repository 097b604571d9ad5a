/**
 * What protocol 2 is to do, each figure with its goal and the machine's raw
 * limit: the programs are real, and speak over loopback.
 *
 * @module
 */

import { benchBurst } from "./protocol2_burst.ts";
import { benchCrowd } from "./protocol2_crowd.ts";
import { benchJoiner } from "./protocol2_joiner.ts";
import { benchLatency } from "./protocol2_latency.ts";
import { benchReceipts } from "./protocol2_receipts.ts";
import { benchStart } from "./protocol2_start.ts";

/** Measures and prints. */
export async function benchProtocol2(): Promise<void> {
  await benchJoiner();
  await benchBurst();
  await benchCrowd();
  await benchLatency();
  await benchReceipts();
  await benchStart();
}

if (import.meta.main) await benchProtocol2();
