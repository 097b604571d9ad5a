import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  nodeStatusLines,
  type ProgramView,
  statusLines,
} from "../../lib/views/status_view.ts";
import type { ClusterStatus } from "../../lib/wire/operator_status.ts";
import { CLUSTER, MEMBERSHIP, PROGRAMS } from "../support/values/statuses.ts";

function lines(more: Partial<ClusterStatus> = {}): readonly string[] {
  const shown = statusLines({ ...CLUSTER, ...more });
  for (const line of shown) ok(line.length <= 100, line);
  return shown;
}

Deno.test("status of a cluster is as operators were promised it", () => {
  deepStrictEqual(lines(), [
    "hub         publisher 0.2.0   up 12 d   1,204 bans   change 88,213   store ok   backup 4 h old",
    "nodes       11 ok   1 silent   1 set aside          fail2ban-cluster nodes",
    "enforced    13,240 of 13,244 on 11 nodes            4 not: fail2ban-cluster bans --not-enforced",
    "last hour   311 new   298 ended   12 refused (9 allowlist, 3 own-address)",
  ]);
});

Deno.test("status of a cluster where all is well names no command for what is not", () => {
  const [, nodes, enforced, lately] = lines({
    nodes: { ok: 1, silent: 0, away: 0, never: 0, aside: 0 },
    enforced: { inForce: 7, expected: 7, nodes: 1, observed: 0, observers: 0 },
    lastHour: { spanMs: 240_000, began: 7, ended: 0, refused: [] },
  });
  strictEqual(
    nodes,
    "nodes       1 ok                                    fail2ban-cluster nodes",
  );
  strictEqual(enforced, "enforced    7 of 7 on 1 node");
  strictEqual(lately, "last 4 min  7 new   0 ended   0 refused");
});

Deno.test("status of a cluster tells which of the publisher's threads is the limit, from 80 % of a core on", () => {
  const limits = (mainPercent: number, ioPercent: number) =>
    lines({ threads: { mainPercent, ioPercent } })
      .filter((line) => line.startsWith("limit"));
  deepStrictEqual(limits(79, 79), []);
  deepStrictEqual(limits(79, 80), [
    "limit       ZeroMQ's I/O thread: 80 % of a core for 10 s",
  ]);
  deepStrictEqual(limits(99, 3), [
    "limit       the publisher's own thread: 99 % of a core for 10 s",
  ]);
  deepStrictEqual(
    lines({ threads: null }).filter((line) => line.startsWith("limit")),
    [],
  );
});

Deno.test("status of a cluster tells that its store fails, who waits for a quorum, and that nobody enforces", () => {
  const [hub, waiting, store, nodes, enforced] = lines({
    waiting: 3,
    bans: 1,
    storeTrouble: "cannot write publisher.sqlite3: disk full",
    backupAgoMs: null,
    nodes: { ok: 0, silent: 0, away: 0, never: 0, aside: 0 },
    enforced: { inForce: 0, expected: 0, nodes: 0, observed: 0, observers: 0 },
  });
  strictEqual(
    hub,
    "hub         publisher 0.2.0   up 12 d   1 ban   change 88,213   store fails   no backup",
  );
  strictEqual(waiting, "waiting     3 bans more, for their quorum");
  strictEqual(store, "store       cannot write publisher.sqlite3: disk full");
  strictEqual(
    nodes,
    "nodes       none                                    fail2ban-cluster nodes",
  );
  strictEqual(
    enforced,
    "enforced    on no node: none enforces bans",
  );
});

Deno.test("status of a cluster tells where lists are read, one a line", () => {
  const places = ["all", "edge"].map((name) =>
    `http://127.0.0.1:9680/list/${name}`
  );
  deepStrictEqual(lines({ lists: places }).slice(-2), [
    "lists       http://127.0.0.1:9680/list/all",
    "            http://127.0.0.1:9680/list/edge",
  ]);
});

Deno.test("status of a node tells of its programs, and where its hub is", () => {
  const shown = nodeStatusLines(MEMBERSHIP, PROGRAMS);
  for (const line of shown) ok(line.length <= 100, line);
  deepStrictEqual(shown, [
    "node        web1   its hub is 192.0.2.10            fail2ban-cluster status there: the cluster",
    "monitor     0.2.0   up 12 d   its hub answers   0 reports wait",
    "subscriber  0.2.0   up 2 h   1,204 bans   change 88,213   follows its hub",
    "            nftables: 1,192 in force, 2 failing",
    "monitor     does not run",
    "subscriber  it runs but does not answer",
  ]);
});

Deno.test("status of a cluster counts what is only observed apart, and no more as missing for it", () => {
  const sums = { inForce: 13_240, expected: 13_240, nodes: 11 };
  const [, , enforced, observed] = lines({
    enforced: { ...sums, observed: 1_190, observers: 1 },
  });
  strictEqual(enforced, "enforced    13,240 of 13,240 on 11 nodes");
  strictEqual(observed, "observed    1,190 on 1 node");
});

Deno.test("status of a node tells what would have been done about what it only observes", () => {
  const observing = PROGRAMS.map((program): ProgramView =>
    program.kind === "running" && program.role === "subscriber"
      ? {
        ...program,
        report: {
          ...program.report,
          figures: {
            ...{ bans: 1_204, seq: 88_213, following: true },
            ...{ "observed.wanted": 1_204, "observed.banned": 311 },
            ...{ "observed.lifted": 298, "observed.refused": 2 },
          },
        },
      }
      : program
  );
  const shown = nodeStatusLines(MEMBERSHIP, observing);
  for (const line of shown) ok(line.length <= 100, line);
  deepStrictEqual(shown.filter((line) => line.includes("observes")), [
    "            observes: 1,204 would be in force; would have banned 311, lifted 298, refused 2",
  ]);
});
