/**
 * `deno task bench`: how fast, how small. Ratios and medians count; the
 * figures themselves are of the machine and of the moment. `deno task bench
 * --short` does so little of each that it only shows that they work.
 *
 * @module
 */

import { benchBanStore } from "./ban_store_bench.ts";
import { benchCluster } from "./cluster_bench.ts";
import { benchCurve } from "./curve_bench.ts";
import { benchFail2ban } from "./fail2ban_bench.ts";
import { benchLogLine } from "./log_line_bench.ts";
import { benchNft } from "./nft_bench.ts";
import { benchNftCapacity } from "./nft_capacity_bench.ts";
import { benchProtection } from "./protection_bench.ts";
import { benchProtocol2 } from "./protocol2_bench.ts";
import { benchRestart } from "./restart_bench.ts";
import { benchWireV2 } from "./wire_v2_bench.ts";

if (import.meta.main) {
  await benchLogLine();
  await benchCluster();
  await benchBanStore();
  benchProtection();
  benchWireV2();
  await benchCurve();
  await benchFail2ban();
  await benchNft();
  await benchNftCapacity();
  await benchRestart();
  await benchProtocol2();
}
