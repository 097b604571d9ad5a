import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import NODES_SCHEMA from "../../docs/schemas/nodes.json" with { type: "json" };
import { onlyObserving, TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import type { Epoch } from "../../lib/base/ids.ts";
import { nodeJson, nodeTable } from "../../lib/views/node_table.ts";
import type { ActionState } from "../../lib/wire/v2_messages.ts";
import type { LiveNode, LiveRole } from "../../lib/wire/operator_status.ts";
import { member } from "../support/cluster/members.ts";
import {
  host,
  IDLE_MONITOR,
  IDLE_SUBSCRIBER,
} from "../support/values/core_values.ts";
import { schemaFaults } from "../support/values/json_schemas.ts";

function action(others: Partial<ActionState> = {}): ActionState {
  return {
    name: "fail2banclient",
    ...{ wanted: 1_204, inForce: 1_204, failing: 0, refused: 0 },
    ...others,
  };
}

/** A subscriber as the publisher knows it. */
function subscriber(
  others: Partial<LiveRole> = {},
  actions: readonly ActionState[] = [action()],
): LiveRole {
  return {
    role: "subscriber",
    state: "ok",
    seenAgoMs: 2_400,
    version: "0.2.0",
    lag: 0,
    condition: {
      ...{ ...IDLE_SUBSCRIBER, epoch: "e".repeat(32) as Epoch, seq: 88_213 },
      ...{ isFollowing: true, actions },
    },
    toldAgoMs: 2_400,
    hasTwin: false,
    ...others,
  };
}

function monitor(others: Partial<LiveRole> = {}): LiveRole {
  return {
    ...subscriber({ lag: null, condition: IDLE_MONITOR }),
    ...{ role: "monitor", ...others },
  };
}

function live(
  name: string,
  roles: readonly LiveRole[],
  others: Partial<LiveNode> = {},
): LiveNode {
  const [first] = roles;
  return {
    ...{ node: host(name), roles, state: first?.state ?? "never" },
    seenAgoMs: first?.seenAgoMs ?? null,
    ...{ accepted: 0, known: 0, refused: 0, reports: 0, aside: null },
    ...others,
  };
}

const GONE = { state: "silent", seenAgoMs: 14 * 60_000 + 5_000 } as const;
const NEVER = { state: "never", seenAgoMs: null, version: null } as const;
const NOTHING = { condition: null, toldAgoMs: null, lag: null } as const;

/** The three nodes of the golden table, and some more. */
const NODES: readonly LiveNode[] = [
  live("db1", [subscriber(), monitor()], { reports: 12 }),
  live("db3", [
    subscriber({ ...GONE, version: "0.1.0", lag: 311 }),
    monitor({ ...GONE, version: "0.1.0" }),
  ], { reports: 4 }),
  live("web9", [subscriber({ seenAgoMs: 1_000 }), monitor()], {
    ...{ state: "aside", seenAgoMs: 1_000, reports: 100, refused: 104 },
    aside: { reason: "refused", count: 100, sinceMs: 0 },
  }),
];

function table(nodes: readonly LiveNode[]): readonly string[] {
  const members = nodes.map(({ node }) => member(node));
  return nodeTable(members, nodes).lines;
}

/** The line of a node in a table of one. */
function lineOf(node: LiveNode): string {
  return table([node])[1]?.replaceAll(/ +/g, " ") ?? "";
}

Deno.test("nodeTable() is as operators were promised it", () => {
  deepStrictEqual(table(NODES), [
    "NODE  STATE      SEEN     VERSION  LAG  REPORTS  IN FORCE  REFUSED  FAILED",
    "db1   ok         2 s      0.2.0      0       12      1204        0       0",
    "db3   silent     14 min   0.1.0    311        4         -        0       0",
    "web9  set aside  1 s      0.2.0      0      100      1204      104       0   too many refused: node release web9",
  ]);
});

Deno.test("nodeTable() without notes fits into 100 columns, also with long numbers", () => {
  const busy = live("database-server-1", [
    subscriber({ lag: 1_204_332 }, [action({ inForce: 1_000_000 })]),
    monitor(),
  ], { reports: 200_000, refused: 9_999_999 });
  for (const line of table([busy])) ok(line.length <= 100, line);
});

Deno.test("nodeTable() shows the action that has the fewest bans in force, and what all fail on", () => {
  const two = [
    action({ failing: 1 }),
    action({ name: "nftables", inForce: 1_200, failing: 3 }),
  ];
  strictEqual(
    lineOf(live("db1", [subscriber({}, two), monitor()])),
    "db1 ok 2 s 0.2.0 0 0 1200 0 4 fail2banclient fails: fail2ban-subscriber status there",
  );
  strictEqual(
    lineOf(live("db1", [subscriber({}, []), monitor()])),
    "db1 ok 2 s 0.2.0 0 0 - 0 0",
  );
});

const NOTES: readonly (readonly [note: string, node: LiveNode])[] = [
  [
    "not joined yet: join NAME CODE there",
    live("db1", [
      monitor({ ...NEVER, ...NOTHING }),
      subscriber({ ...NEVER, ...NOTHING }),
    ]),
  ],
  ["", live("db1", [monitor({ ...GONE }), subscriber({ ...GONE })])],
  ["monitor silent", live("db1", [monitor({ ...GONE }), subscriber()])],
  [
    "subscriber stopped",
    live("db1", [subscriber({ state: "away" }), monitor()]),
  ],
  ["", live("db1", [subscriber(), monitor({ ...NEVER, ...NOTHING })])],
  [
    "its join code is used on a second host: node add NAME for that",
    live("db1", [subscriber(), monitor({ hasTwin: true })]),
  ],
  [
    "reports wait: see its log",
    live("db1", [
      monitor({
        condition: {
          ...{ kind: "monitor", logReadAgoMs: 0 },
          ...{ unacknowledged: 4, oldestAgoMs: 61_000 },
        },
      }),
      subscriber(),
    ]),
  ],
  [
    "too many messages: node release db1",
    live("db1", [subscriber()], {
      state: "aside",
      aside: { reason: "flood", count: 1, sinceMs: 0 },
    }),
  ],
];

for (const [note, node] of NOTES) {
  Deno.test(`nodeTable() says ${note || "nothing"} of a node that is ${node.state}, with ${node.roles.map(({ role, state }) => `${role} ${state}`).join(", ")}`, () => {
    const [, line = ""] = table([node]);
    strictEqual(line.split("   ").at(-1)?.trim().endsWith(note), true, line);
    const [json = ""] = nodeJson([member("db1")], [node]).lines;
    strictEqual(JSON.parse(json).note, note);
  });
}

Deno.test("nodeTable() of programs of two versions shows both", () => {
  const node = live("db1", [monitor({ version: "0.1.0" }), subscriber()]);
  strictEqual(lineOf(node), "db1 ok 2 s 0.1.0/0.2.0 0 0 1204 0 0");
});

Deno.test("nodeTable() without a publisher knows of nobody how they are, and says so", () => {
  const { lines, notes } = nodeTable([member("db1")], undefined);
  strictEqual(lines[1]?.replaceAll(/ +/g, " "), "db1 unknown - - - - - - -");
  deepStrictEqual(notes, [
    "the publisher is not running here: the nodes' state is unknown",
  ]);
});

Deno.test("nodeJson() is an object a line, as the schema says, whatever is known", () => {
  const nodes = [...NODES, ...NOTES.map(([, node]) => node)];
  const members = nodes.map(({ node }) => member(node));
  const known = nodeJson(members, nodes).lines;
  const unknown = nodeJson(members, undefined).lines;
  strictEqual(known.length, nodes.length);
  for (const line of [...known, ...unknown]) {
    deepStrictEqual(schemaFaults(NODES_SCHEMA, JSON.parse(line)), [], line);
  }
  const { node: _, ...nameless } = JSON.parse(known[0] ?? "{}");
  deepStrictEqual(schemaFaults(NODES_SCHEMA, { ...nameless, lag: -1 }), [
    " must have required property 'node'",
    "/lag must be >= 0",
  ]);
});

Deno.test("nodeTable() tells what a node leaves out, and what one that only observes would have in force", () => {
  const choice = {
    ...TAKE_ALL,
    ignoreJails: ["recidive"],
    ignoreNodes: ["import:*"],
  };
  const observed = { wanted: 1_190, banned: 311, lifted: 298, refused: 2 };
  const taking = { ...IDLE_SUBSCRIBER, actions: [action()], choice };
  const observing = {
    ...IDLE_SUBSCRIBER,
    choice: onlyObserving(TAKE_ALL),
    observed,
  };
  const nodes = [
    live("db1", [subscriber({ condition: taking }), monitor()]),
    live("db2", [subscriber({ condition: observing }), monitor()]),
  ];
  deepStrictEqual(table(nodes).slice(1), [
    "db1   ok     2 s      0.2.0      0        0      1204        0       0   leaves out jail recidive, list *",
    "db2   ok     2 s      0.2.0      0        0         -        0       0   only observes: 1,190 would be in force",
  ]);
  const [first, second] = nodeJson(
    nodes.map(({ node }) => member(node)),
    nodes,
  ).lines.map((line) => JSON.parse(line));
  for (const row of [first, second]) {
    deepStrictEqual(schemaFaults(NODES_SCHEMA, row), []);
  }
  deepStrictEqual(
    [first.choice, first.observed, second.choice, second.observed],
    ["leaves out jail recidive, list *", null, "only observes", observed],
  );
});
