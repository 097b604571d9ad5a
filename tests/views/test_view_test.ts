import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { isFaulty, testedLines } from "../../lib/views/test_view.ts";
import {
  drilledNode,
  heard,
  testedNode,
  testOf,
  unheard,
} from "../support/values/tests_of_nodes.ts";

const MONITOR = {
  role: "monitor",
  behind: null,
  actions: null,
  logReadAgoMs: 3_000,
} as const;

Deno.test("testedLines() tells who heard the probe, and who did not answer", () => {
  const tested = testOf(
    testedNode("web1", [heard(), heard({ ...MONITOR, tookUs: 900 })]),
    testedNode("db3", [unheard()]),
  );
  deepStrictEqual(testedLines(tested), [
    "probe 192.0.2.1, nobody is banned",
    "hub     accepted and stored       1.2 ms",
    "web1    heard, rules agree        4.1 ms",
    "db3     no answer in 5 s          last seen 14 min ago",
    "1 of 2 nodes did not answer",
  ]);
  strictEqual(isFaulty(tested), true);
});

Deno.test("testedLines() tells each program by itself where they differ, and what is known beside the answer", () => {
  const tested = testOf(
    testedNode("web1", [heard(), unheard({ ...MONITOR, outcome: "away" })]),
    testedNode("web2", [heard({ ...MONITOR })]),
    testedNode("db1", [heard({ behind: 311, actions: 0 })]),
    testedNode("db2", [unheard({ outcome: "apart", seenAgoMs: null })]),
    testedNode("new", []),
  );
  deepStrictEqual(testedLines(tested), [
    "probe 192.0.2.1, nobody is banned",
    "hub     accepted and stored             1.2 ms",
    "web1    subscriber: heard, rules agree  4.1 ms",
    "        monitor: stopped                last seen 14 min ago",
    "web2    heard, rules agree              4.1 ms, log read 3 s ago",
    "db1     heard, rules agree              4.1 ms, 311 changes behind, observes only",
    "db2     not connected                   never seen",
    "new     never connected",
    "2 of 4 nodes did not answer",
  ]);
});

Deno.test("testedLines() names the rules that differ, once for both programs of a node", () => {
  const disagreements = [
    { rule: "verdict", node: "ignoreip: 192.0.2.0/24", hub: "allowed" },
    { rule: "allowlist", node: "3", hub: "4" },
    { rule: "minprefix4", node: "16", hub: "24" },
  ] as const;
  const tested = testOf(
    testedNode("web1", [
      heard({ disagreements }),
      heard({ ...MONITOR, disagreements }),
    ]),
    testedNode("web2", [heard()]),
  );
  deepStrictEqual(
    testedLines({ ...tested, refused: "gateway: 192.0.2.1" }).slice(1),
    [
      "hub     stored; would refuse a ban: gateway has 192.0.2.1  1.2 ms",
      "web1    heard, rules differ                                4.1 ms",
      "        a ban: ignoreip has 192.0.2.0/24; on the hub: allowed",
      "        its allowlist differs from the hub's",
      "        minprefix4 16, the hub's 24",
      "web2    heard, rules agree                                 4.1 ms",
      "1 of 2 nodes would decide differently from the hub",
    ],
  );
  strictEqual(isFaulty(tested), true);
});

Deno.test("testedLines() tells what each action did in a fire drill", () => {
  const tested = testOf(
    drilledNode("web1", {}, { name: "exec", isSeen: false, tookMs: 4 }),
    drilledNode(
      "web2",
      { outcome: "standing", tookMs: 0 },
      { outcome: "refused", tookMs: 0, detail: "ignoreip: 192.0.2.0/24" },
      { outcome: "failed", tookMs: 0, detail: "nft failed" },
      { outcome: "unseen" },
      { outcome: "left", detail: "it is in force still" },
    ),
    drilledNode("db1"),
    testedNode("db2", [heard()], { isDrilled: true }),
  );
  deepStrictEqual(testedLines(tested), [
    "fire drill with 192.0.2.1, each node bans it for 5 s",
    "hub     accepted and stored                         1.2 ms",
    "web1    heard, rules agree                          4.1 ms",
    "        nftables: banned, seen, lifted, gone        in force after 31 ms",
    "        exec: banned and lifted, can't be verified  in force after 4 ms",
    "web2    heard, rules agree                          4.1 ms",
    "        nftables: already in force, left as it is",
    "        nftables: refused: ignoreip has 192.0.2.0/24",
    "        nftables: not banned: nft failed",
    "        nftables: reports a ban, nothing is banned  in force after 31 ms",
    "        nftables: not lifted: it is in force still  in force after 31 ms",
    "db1     heard, rules agree                          4.1 ms",
    "        nothing was banned: it is a dry run",
    "db2     heard, rules agree                          4.1 ms",
    "        fire drill: no answer",
    "2 of 4 nodes did not ban and lift",
  ]);
  strictEqual(isFaulty(tested), true);
});

Deno.test("testedLines() ends with that all is well, and isFaulty() agrees", () => {
  const tested = testOf(
    drilledNode("web1", {}),
    drilledNode("db1"),
    testedNode("new", []),
  );
  strictEqual(testedLines(tested).at(-1), "2 nodes answered");
  strictEqual(isFaulty(tested), false);
  strictEqual(testedLines(testOf()).at(-1), "no node has ever connected");
});
