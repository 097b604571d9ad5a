import { deepStrictEqual, ok } from "node:assert/strict";
import type { Epoch } from "../../lib/base/ids.ts";
import {
  type ReceiverChoice,
  TAKE_ALL,
} from "../../lib/choice/receiver_choice.ts";
import { memberDetails } from "../../lib/views/member_view.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import { member } from "../support/cluster/members.ts";
import { host, IDLE_SUBSCRIBER } from "../support/values/core_values.ts";

/** A node whose monitor runs and whose subscriber was killed. */
const NODE: LiveNode = {
  node: host("web1"),
  state: "silent",
  seenAgoMs: 840_000,
  roles: [{
    role: "monitor",
    state: "ok",
    seenAgoMs: 2_000,
    version: "0.2.0",
    lag: null,
    condition: {
      kind: "monitor",
      logReadAgoMs: 61_000,
      unacknowledged: 7,
      oldestAgoMs: 3_000,
    },
    toldAgoMs: 2_000,
    hasTwin: true,
  }, {
    role: "subscriber",
    state: "silent",
    seenAgoMs: 840_000,
    version: "0.1.0",
    lag: 311,
    condition: {
      ...IDLE_SUBSCRIBER,
      epoch: "e".repeat(32) as Epoch,
      seq: 5,
      isFollowing: true,
      actions: [{
        ...{ name: "nftables", wanted: 1_204, inForce: 1_203 },
        ...{ failing: 1, refused: 0 },
      }],
    },
    toldAgoMs: 840_000,
    hasTwin: false,
  }],
  accepted: 12,
  known: 1,
  refused: 2,
  reports: 9,
  aside: null,
};

Deno.test("memberDetails() says how each program of a node is, and what it told last", () => {
  const { lines } = memberDetails(member("web1"), [NODE]);
  deepStrictEqual(lines.slice(lines.findIndex((it) => it.startsWith("mon"))), [
    "monitor                      is there, seen 2 s ago, version 0.2.0, and another host uses its join code",
    "  last line read             1 min ago",
    "  reports without an answer  7, the oldest for 3 s",
    "subscriber                   silent, seen 14 min ago, version 0.1.0, 311 changes behind",
    "  follows                    yes",
    "  nftables                   1203 of 1204 in force, 1 failing, 0 refused",
    "reports that stand           9",
    "since the publisher's start",
    "  accepted                   12",
    "  known before               1",
    "  refused                    2",
    "its reports                  are taken",
  ]);
});

Deno.test("memberDetails() says what a subscriber leaves out, and what it would have done", () => {
  const [, subscriber] = NODE.roles;
  ok(subscriber?.condition?.kind === "subscriber");
  const { condition } = subscriber;
  const rowsOf = (choice: Partial<ReceiverChoice>) => {
    const told = {
      ...condition,
      choice: { ...TAKE_ALL, ...choice },
      observed: { wanted: 1_190, banned: 311, lifted: 298, refused: 2 },
    };
    const node = { ...NODE, roles: [{ ...subscriber, condition: told }] };
    return memberDetails(member("web1"), [node]).lines.filter((line) =>
      /^ {2}(choice|observed)/.test(line)
    ).map((line) => line.replaceAll(/ {2,}/g, "  "));
  };
  deepStrictEqual(rowsOf({ ignoreJails: ["sshd"] }), [
    "  choice  leaves out jail sshd",
  ]);
  deepStrictEqual(rowsOf({ observeNodes: ["import:new"] }), [
    "  choice  observes list new",
    "  observed  1190 would be in force, 311 banned, 298 lifted, 2 refused since its start",
  ]);
});
