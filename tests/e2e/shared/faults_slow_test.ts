import {
  ENGINE_FAULTS,
  type EngineFaultName,
} from "../../support/engine/engine_faults.ts";
import { runFaults } from "../../support/engine/fault_run.ts";
import { testWith } from "../../support/host/real_parts.ts";
import type { SeededRandom } from "../../support/values/seeded_random.ts";

/** How often each kind comes. */
const TIMES = 2;

testWith(
  ["etcd", "netns", "nftables"],
  "publishers with one table: 26 faults in any order, and nothing is lost, nothing is done twice, all copies are the same",
  (t) => runFaults(t, { perSecond: 200, faults: inAnyOrder }),
);

function inAnyOrder(random: SeededRandom): readonly EngineFaultName[] {
  const kinds = Object.keys(ENGINE_FAULTS) as EngineFaultName[];
  const left = Array.from({ length: TIMES }, () => kinds).flat();
  const all: EngineFaultName[] = [];
  while (left.length > 0) {
    all.push(...left.splice(Math.floor(random.below(left.length)), 1));
  }
  return all;
}
