import { NO_GROWTH } from "../../lib/ban/ban_growth.ts";
import { choosing, enforcing } from "../support/values/enforcing_nodes.ts";
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SharedTurns } from "../../lib/async/shared_turns.ts";
import type { Change } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { OPERATOR_ORIGIN } from "../../lib/base/operator_name.ts";
import { WhyService } from "../../lib/operators/why_service.ts";
import { guardOf } from "../support/values/guards.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";

const { signal } = new AbortController();
const STILL = { monotonicMs: () => 0, delay: () => Promise.resolve() };
const AHEAD_MS = 1_000_000;

async function desk(
  changes: readonly Change[],
  nowMs = 1_000,
  nodes = [enforcing("db1"), enforcing("db2")],
) {
  const store = new MemoryBanStore();
  const table = new BanTable();
  await store.append(
    changes.map((change) => ({ event: undefined, change })),
    0,
  );
  for (const change of changes) table.apply(change);
  table.expire(nowMs);
  const service = new WhyService({
    hub: { table },
    store,
    records: store.records,
    nodes: { enforcing: () => nodes },
    protection: () => ({
      minPrefix4Bits: 24,
      minPrefix6Bits: 48,
      guarded: [guardOf("allowlist", "192.0.2.128/25")],
    }),
    noteOf: (network) => network === "192.0.2.128/25" ? "the office" : "",
    hostName: host("hub"),
    keepHistoryMs: 86_400_000,
    widenedOf: () => undefined,
    growthOf: NO_GROWTH,
    nowMs: () => nowMs,
    aheadMs: () => AHEAD_MS,
    turns: new SharedTurns({ clock: STILL }),
  });
  const why = (text: string) => service.why(address(text), signal);
  return { store, why };
}

function reported(
  seq: number,
  whom: string,
  more: Partial<{ node: string; jail: string; atMs: number; endsMs: number }> =
    {},
): Change {
  return {
    kind: "report",
    seq,
    address: address(whom),
    jail: jail(more.jail ?? "sshd"),
    atMs: more.atMs ?? 0,
    origin: host(more.node ?? "web1"),
    expiresMs: more.endsMs ?? 60_000,
    isPending: false,
  };
}

function lifted(seq: number, whom: string, by: string, atMs: number): Change {
  const [address_, jail_] = [address(whom), jail("sshd")];
  return {
    kind: "lift",
    seq,
    atMs,
    address: address_,
    jail: jail_,
    by: host(by),
  };
}

Deno.test("why() tells the reports of an address in every jail, with their changes, and those of prefixes around it", async () => {
  const { why } = await desk([
    reported(1, "192.0.2.7"),
    reported(2, "192.0.2.7", { node: "web2", jail: "nginx" }),
    reported(3, "192.0.2.0/24", { node: "web3" }),
    reported(4, "192.0.2.8"),
    reported(5, "192.0.2.7", { atMs: 100, endsMs: 90_000 }),
  ]);
  const { bans, times, last } = await why("192.0.2.7");
  deepStrictEqual(
    bans.map(({ ban, changes }) =>
      [ban.address, ban.jail, ban.reports.map(({ node }) => node), changes]
        .join(" ")
    ),
    [
      "192.0.2.7 sshd web1 5",
      "192.0.2.7 nginx web2 2",
      "192.0.2.0/24 sshd web3 3",
    ],
  );
  strictEqual(bans[0]?.ban.reports[0]?.endsMs, AHEAD_MS + 90_000);
  deepStrictEqual([times, last], [0, null]);
});

Deno.test("why() tells what each node did, also one that is away, and who said nothing", async () => {
  const { store, why } = await desk([reported(1, "192.0.2.7")]);
  const receipt = {
    jail: jail("sshd"),
    address: address("192.0.2.7"),
    atMs: 1,
  };
  await store.keepReceipts([
    {
      ...receipt,
      node: host("db1"),
      action: "nftables",
      outcome: "refused",
      detail: "ignoreip: 192.0.2.0/28",
    },
    {
      ...receipt,
      node: host("gone"),
      action: "exec",
      outcome: "applied",
      detail: "",
    },
  ]);
  const { bans } = await why("192.0.2.7");
  deepStrictEqual(
    bans[0]?.enforcement.map(({ node, action, state, detail }) =>
      [node, action, state, detail].join("|")
    ),
    [
      "db1|nftables|refused|ignoreip: 192.0.2.0/28",
      "gone|exec|applied|",
      "db2||unknown|",
    ],
  );
});

Deno.test("why() tells of an address that is not banned how its last ban ended, and by whom", async () => {
  const ends: readonly (readonly [readonly Change[], string, string])[] = [
    [[reported(1, "192.0.2.7", { endsMs: 500 })], "expiry", ""],
    [
      [reported(1, "192.0.2.7"), lifted(2, "192.0.2.7", OPERATOR_ORIGIN, 500)],
      "operator",
      "alice as root",
    ],
    [
      [reported(1, "192.0.2.7"), lifted(2, "192.0.2.7", "HUB", 500)],
      "allowlist",
      "",
    ],
    [
      [reported(1, "192.0.2.7"), lifted(2, "192.0.2.7", "web2", 500)],
      "node",
      "web2",
    ],
  ];
  for (const [changes, end, by] of ends) {
    const { store, why } = await desk(changes);
    await store.records.keepAudit([
      entry("bob", AHEAD_MS - 900_000),
      entry("alice as root", AHEAD_MS + 500),
    ]);
    const { bans, last, times, firstMs } = await why("192.0.2.7");
    strictEqual(bans.length, 0);
    deepStrictEqual([last?.end, last?.by], [end, by]);
    deepStrictEqual(
      [last?.beganMs, last?.endedMs, times, firstMs],
      [AHEAD_MS, AHEAD_MS + 500, 1, AHEAD_MS],
    );
  }
});

function entry(by: string, atMs: number) {
  return { by, atMs, action: "unban", subject: "192.0.2.7", detail: "" };
}

Deno.test("why() tells what would refuse a ban, and the note of the allowlist", async () => {
  const { why } = await desk([]);
  deepStrictEqual((await why("192.0.2.200")).refusal, {
    rule: "allowlist",
    because: "192.0.2.128/25",
    note: "the office",
  });
  deepStrictEqual((await why("127.0.0.1")).refusal, {
    rule: "loopback",
    because: "127.0.0.0/8",
    note: "",
  });
  strictEqual((await why("192.0.2.7")).refusal, null);
});

Deno.test("why() counts bans of an operator", async () => {
  const { why } = await desk([
    reported(1, "192.0.2.7", { node: OPERATOR_ORIGIN, endsMs: 100 }),
    reported(2, "192.0.2.7", { atMs: 200, endsMs: 300 }),
  ]);
  const { times, timesByOperator } = await why("192.0.2.7");
  deepStrictEqual([times, timesByOperator], [2, 1]);
});

Deno.test("why() tells that a node leaves a ban out, or only observes it, whatever it said of it before", async () => {
  const nodes = [
    choosing("db1", { ignoreJails: ["ssh*"] }),
    choosing("db2", { observeNodes: ["*"] }),
    choosing("db3", { ignoreNodes: ["web9"] }),
    choosing("web1", { takeJails: ["nginx"] }),
  ];
  const { store, why } = await desk([reported(1, "192.0.2.7")], 1_000, nodes);
  await store.keepReceipts(["db1", "db2", "db3"].map((name) => ({
    ...{ jail: jail("sshd"), address: address("192.0.2.7"), atMs: 1 },
    ...{ node: host(name), action: "nftables", detail: "" },
    outcome: name === "db3" ? "applied" : "lifted",
  })));
  const { bans: [ban] } = await why("192.0.2.7");
  deepStrictEqual(
    ban?.enforcement.map(({ node, action, state, detail }) =>
      [node, action, state, detail].join("|")
    ),
    [
      "db3|nftables|applied|",
      "web1|fail2ban|applied|",
      "db1||left-out|leaves out jail sshd",
      "db2||observed|",
    ],
  );
  deepStrictEqual(
    [ban?.ban.enforced, ban?.ban.expected, ban?.ban.observed],
    [2, 2, 1],
  );
  deepStrictEqual(ban?.ban.missing, []);
});
