import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type FaultName,
  HealthWatch,
  type PossibleFault,
} from "../../lib/metrics/health.ts";
import {
  type ActionState,
  monitorFaults,
  type MonitorState,
  publisherFaults,
  subscriberFaults,
} from "../../lib/metrics/role_faults.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";

const MONITOR: MonitorState = {
  oldestAgoMs: null,
  publisherAnswers: true,
  isLogUnderstood: true,
  logSilentMs: undefined,
  logTargetTrouble: undefined,
  placeTrouble: undefined,
};
const ACTION: ActionState = {
  standing: { name: "nftables", wanted: 5, inForce: 4, failing: 0, refused: 1 },
  lastReason: undefined,
  inForceAgeSeconds: 2,
};

function namesOf(faults: Iterable<PossibleFault>): readonly FaultName[] {
  return [...faults].map(({ name }) => name);
}

Deno.test("HealthWatch tells a fault once it has been so for longer than it may, and begins anew after a pause", async () => {
  const clock = new ManualClock();
  let faults: readonly PossibleFault[] = [
    { name: "publisher-silent", words: "no answer", graceMs: 60_000 },
  ];
  const watch = new HealthWatch({ look: () => faults, clock });
  strictEqual(watch.words, "ok");
  await clock.advance(59_999);
  strictEqual(watch.words, "ok");
  await clock.advance(1);
  strictEqual(watch.words, "no answer");
  const lasting = faults;
  faults = [];
  strictEqual(watch.words, "ok");
  faults = lasting;
  strictEqual(watch.words, "ok");
  faults = [...lasting, { name: "store", words: "disk full", graceMs: 0 }];
  strictEqual(watch.words, "disk full");
});

Deno.test("monitorFaults() has a fault for each thing that keeps bans from the publisher", () => {
  deepStrictEqual(namesOf(monitorFaults(MONITOR)), []);
  const cases: readonly [Partial<MonitorState>, FaultName][] = [
    [{ oldestAgoMs: 60_000 }, "reports-waiting"],
    [{ publisherAnswers: false }, "publisher-silent"],
    [{ isLogUnderstood: false }, "log-not-understood"],
    [{ logSilentMs: 7_200_000 }, "log-silent"],
    [{ logTargetTrouble: "its logtarget is SYSLOG" }, "log-target"],
    [{ placeTrouble: "no space left" }, "place-not-kept"],
  ];
  for (const [state, name] of cases) {
    deepStrictEqual(namesOf(monitorFaults({ ...MONITOR, ...state })), [name]);
  }
  deepStrictEqual(
    namesOf(monitorFaults({ ...MONITOR, oldestAgoMs: 59_999 })),
    [],
  );
});

Deno.test("publisherFaults() says why reports can't be kept", () => {
  deepStrictEqual([...publisherFaults({ storeTrouble: undefined })], []);
  deepStrictEqual([...publisherFaults({ storeTrouble: "disk full" })], [{
    name: "store",
    words: "reports can't be kept: disk full",
    graceMs: 0,
  }]);
});

Deno.test("subscriberFaults() counts what a rule of the host refuses as no lack, and knowledge that is too old as one", () => {
  const state = { isFollowing: true, isCopyKept: true, actions: [ACTION] };
  deepStrictEqual([...subscriberFaults(state)], []);
  const lacking = {
    ...ACTION,
    standing: { ...ACTION.standing, inForce: 1, failing: 3 },
    lastReason: "nft can't be run",
  };
  deepStrictEqual([...subscriberFaults({ ...state, actions: [lacking] })], [{
    name: "actions-not-enforcing",
    words: "nftables: 3 of 5 bans are not in force: nft can't be run",
    graceMs: 60_000,
  }]);
  const blind = { ...ACTION, inForceAgeSeconds: 61 };
  deepStrictEqual([...subscriberFaults({ ...state, actions: [blind] })], [{
    name: "actions-not-enforcing",
    words: "nftables: what is in force is not known since 61 s",
    graceMs: 0,
  }]);
  deepStrictEqual(
    namesOf(
      subscriberFaults({ ...state, isFollowing: false, isCopyKept: false }),
    ),
    ["stream-silent", "copy-not-kept"],
  );
});
