/**
 * `deno task bench`: how fast, how small. Ratios and medians count; the
 * figures themselves are of the machine and of the moment.
 *
 * @module
 */

import { benchCluster } from "./cluster_bench.ts";
import { benchLogLine } from "./log_line_bench.ts";

if (import.meta.main) {
  await benchLogLine();
  await benchCluster();
}
