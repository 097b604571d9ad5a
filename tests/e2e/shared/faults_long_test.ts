import { runFaults } from "../../support/engine/fault_run.ts";
import { testWith } from "../../support/host/real_parts.ts";

testWith(
  ["etcd", "netns", "nftables"],
  "publishers with one table: whichever host dies, freezes or is cut off, nothing is lost, nothing is done twice, and all copies are the same",
  (t) =>
    runFaults(t, {
      perSecond: 100,
      faults: () => [
        "the active publisher's host is killed",
        "the active publisher is stopped",
        "a host joins with nothing",
        "the active publisher is frozen",
        "two of three etcd are dead",
      ],
    }),
);
