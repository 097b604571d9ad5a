import type { EngineFaultName } from "../../support/engine/engine_faults.ts";
import { runFaults } from "../../support/engine/fault_run.ts";
import { testWith } from "../../support/host/real_parts.ts";

/** Bans of the table; `F2BC_BANS` says another number. */
const BANS = Number(Deno.env.get("F2BC_BANS") ?? 1_000_000);

/** Each of one host. */
const FAULTS: readonly EngineFaultName[] = [
  "the active publisher's host is killed",
  "the active publisher is frozen",
  "the active publisher's host is frozen",
  "the host of etcd's leader is killed",
  "the active publisher is cut from the engine",
  "the active publisher is stopped",
  "a host joins with nothing",
];

testWith(
  ["etcd", "netns", "nftables"],
  `publishers with one table of ${BANS} bans: whichever host dies, freezes or is cut off, a standby goes on with all of them`,
  (t) =>
    runFaults(t, {
      ...{ perSecond: 100, bulk: BANS, areApart: true },
      faults: () => FAULTS,
    }),
);
