import { deepStrictEqual } from "node:assert/strict";
import { StandingChanges } from "../../lib/notify/standing_changes.ts";
import type { Fault } from "../../lib/metrics/health.ts";
import type { LiveNode, LiveRole } from "../../lib/wire/operator_status.ts";
import type { NodeCondition } from "../../lib/wire/v2_messages.ts";
import { host } from "../support/values/core_values.ts";

const STORE: Fault = { name: "store", words: "the disk is full" };

function role(changes: Partial<LiveRole> = {}): LiveRole {
  return {
    ...{ role: "subscriber", state: "ok", seenAgoMs: 0, version: "0.2.0" },
    ...{ lag: 0, condition: null, toldAgoMs: 0, hasTwin: false },
    ...changes,
  };
}

function node(changes: Partial<LiveNode> = {}): LiveNode {
  return {
    ...{ node: host("web1"), state: "ok", seenAgoMs: 0, roles: [role()] },
    ...{ accepted: 0, known: 0, refused: 0, reports: 0, aside: null },
    ...changes,
  };
}

function enforcing(inForce: number, refused = 0): LiveNode {
  const action = { name: "nftables", wanted: 5, inForce, failing: 0, refused };
  const condition: NodeCondition = {
    kind: "subscriber",
    ...{ epoch: null, seq: 1, isFollowing: true },
    actions: [action],
    choice: {
      ...{ takeJails: ["*"], ignoreJails: [], takeNodes: ["*"] },
      ...{ ignoreNodes: [], observeNodes: [] },
    },
    observed: { wanted: 0, banned: 0, lifted: 0, refused: 0 },
  };
  return node({ roles: [role({ condition })] });
}

Deno.test("StandingChanges tells of a fault once when it begins, and once when it is over", () => {
  const changes = new StandingChanges();
  deepStrictEqual(changes.look([], [], 0), []);
  deepStrictEqual(changes.look([STORE], [], 1_000), [
    { event: "fault", fault: "store", words: "the disk is full" },
  ]);
  const other = { ...STORE, words: "the disk is gone" };
  deepStrictEqual(changes.look([other], [], 2_000), []);
  deepStrictEqual(changes.look([], [], 3_000), [
    { event: "recovered", fault: "store" },
  ]);
  deepStrictEqual(changes.look([], [], 4_000), []);
});

Deno.test("StandingChanges tells of a node that is silent, of each of its programs, and that it is back", () => {
  const changes = new StandingChanges();
  const silent = node({ roles: [role({ state: "silent" })] });
  const subject = { node: "web1", role: "subscriber" };
  deepStrictEqual(changes.look([], [silent], 0), [
    { event: "node_silent", ...subject },
  ]);
  deepStrictEqual(changes.look([], [silent], 1_000), []);
  deepStrictEqual(changes.look([], [node()], 2_000), [
    { event: "node_back", ...subject },
  ]);
});

Deno.test("StandingChanges says nothing of a node that is revoked while it is silent", () => {
  const changes = new StandingChanges();
  changes.look([], [node({ roles: [role({ state: "silent" })] })], 0);
  deepStrictEqual(changes.look([], [], 1_000), []);
});

Deno.test("StandingChanges tells of a node that is set aside, why, and of its release", () => {
  const changes = new StandingChanges();
  const aside = { reason: "refused", count: 104, sinceMs: 0 } as const;
  deepStrictEqual(changes.look([], [node({ aside })], 0), [
    {
      event: "set_aside",
      node: "web1",
      words: "104 reports were bad (refused)",
    },
  ]);
  deepStrictEqual(changes.look([], [node()], 1_000), [
    { event: "released", node: "web1" },
  ]);
});

Deno.test("StandingChanges tells of bans that are not in force once they are so for a minute, and of none that were refused", () => {
  const changes = new StandingChanges();
  const subject = { node: "web1", action: "nftables" };
  deepStrictEqual(changes.look([], [enforcing(3)], 0), []);
  deepStrictEqual(changes.look([], [enforcing(3)], 59_999), []);
  deepStrictEqual(changes.look([], [enforcing(4)], 60_000), [
    {
      event: "not_enforced",
      ...subject,
      words: "1 of 5 bans are not in force",
    },
  ]);
  deepStrictEqual(changes.look([], [enforcing(4, 1)], 61_000), [
    { event: "enforced", ...subject },
  ]);
  deepStrictEqual(changes.look([], [enforcing(0)], 62_000), []);
  deepStrictEqual(changes.look([], [enforcing(5)], 63_000), []);
});
