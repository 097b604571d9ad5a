import type { EnforcingNode } from "../../lib/operators/enforcement_view.ts";
import { enforcing } from "../support/values/enforcing_nodes.ts";
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { SharedTurns } from "../../lib/async/shared_turns.ts";
import type { Ban } from "../../lib/ban/ban.ts";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import { canonicalHost } from "../../lib/base/host_name.ts";
import { addressSpan } from "../../lib/base/address_span.ts";
import {
  BanListing,
  type ListQuestion,
} from "../../lib/operators/ban_listing.ts";
import {
  BAN_SORTS,
  type BanFilter,
  type BanSort,
  MAX_LINE_BANS,
  type OperatorBan,
} from "../../lib/wire/operator_bans.ts";
import { OPERATOR_ANSWER } from "../../lib/wire/operator_messages.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const ALL: BanFilter = {
  jail: null,
  node: null,
  at: null,
  within: null,
  sinceMs: null,
  notEnforced: false,
};
const { signal } = new AbortController();
/** Time stands still: a turn is over when its page is full. */
const STILL = { monotonicMs: () => 0, delay: () => Promise.resolve() };

/** A listing of a table, whose clock is an hour behind the system's. */
function listing(
  bans: readonly Ban[],
  {
    nodes = [] as readonly EnforcingNode[],
    receipts = [] as readonly StoredReceipt[],
  } = {},
) {
  const table = new BanTable(bans, 1);
  const listing = new BanListing({
    hub: { table },
    store: {
      receipts: (key) =>
        receipts.filter((each) =>
          each.jail === key.jail && each.address === key.address
        ),
    },
    nodes: { enforcing: () => nodes },
    aheadMs: () => 3_600_000,
    turns: new SharedTurns({ clock: STILL }),
  });
  return { table, listing };
}

async function listed(
  desk: BanListing,
  question: Partial<ListQuestion> = {},
): Promise<{ bans: OperatorBan[]; matched: number; pages: number }> {
  const bans: OperatorBan[] = [];
  let matched = -1;
  let pages = 0;
  const asked = { filter: ALL, sort: null, limit: null, ...question };
  for await (const answer of desk.list(asked, signal)) {
    strictEqual(matched, -1);
    deepStrictEqual(
      OPERATOR_ANSWER.decode(OPERATOR_ANSWER.encode(answer)),
      answer,
    );
    if (answer.kind === "bans") {
      pages++;
      ok(answer.bans.length <= MAX_LINE_BANS);
      bans.push(...answer.bans);
    } else if (answer.kind === "listed") matched = answer.matched;
  }
  return { bans, matched, pages };
}

const anyBan = fc.record({
  address: fc.constantFrom(
    ...["192.0.2.1", "192.0.2.9", "192.0.2.0/24", "192.0.2.0/28"],
    ...["198.51.100.7", "2001:db8::/48", "2001:db8::1", "2001:db8:1::1"],
  ).map(address),
  jail: fc.constantFrom("sshd", "nginx", "list").map(jail),
  reports: fc.uniqueArray(
    fc.record({
      origin: fc.constantFrom("web1", "web2", "db1").map(host),
      firstMs: fc.integer({ min: 0, max: 50 }),
      lastMs: fc.constant(60),
      expiresMs: fc.oneof(
        fc.integer({ min: 100, max: 150 }),
        fc.constant(Infinity),
      ),
    }, { noNullPrototype: true }),
    { minLength: 1, maxLength: 3, selector: ({ origin }) => origin },
  ),
  seq: fc.integer({ min: 1, max: 99 }),
  isPending: fc.boolean(),
}, { noNullPrototype: true });
const anyBans = fc.uniqueArray(anyBan, {
  maxLength: 20,
  selector: ({ address, jail }) => `${jail}|${address}`,
});
const anyFilter = fc.record({
  jail: fc.option(fc.constantFrom("sshd", "none").map(jail)),
  node: fc.option(fc.constantFrom("WEB1", "db1", "nobody").map(host)),
  at: fc.option(fc.constantFrom("192.0.2.9", "2001:db8::1").map(address)),
  within: fc.option(
    fc.constantFrom("192.0.2.0/25", "2001:db8::/32").map(address),
  ),
  sinceMs: fc.option(fc.integer({ min: 3_600_000, max: 3_600_050 })),
  notEnforced: fc.constant(false),
}, { noNullPrototype: true });

/** The filter once more, in other words. */
function isAsked(ban: Ban, filter: BanFilter): boolean {
  const { first, last, isIpv4 } = addressSpan(ban.address);
  const at = filter.at === null ? undefined : addressSpan(filter.at);
  const within = filter.within === null
    ? undefined
    : addressSpan(filter.within);
  const begins = ban.reports.map(({ firstMs }) => firstMs + 3_600_000);
  return (filter.jail === null || filter.jail === ban.jail) &&
    (filter.node === null ||
      ban.reports.map(({ origin }) => canonicalHost(origin))
        .includes(canonicalHost(filter.node))) &&
    (at === undefined ||
      at.isIpv4 === isIpv4 && first <= at.first && at.last <= last) &&
    (within === undefined ||
      within.isIpv4 === isIpv4 && within.first <= first &&
        last <= within.last) &&
    (filter.sinceMs === null || Math.min(...begins) >= filter.sinceMs);
}

const nameOf = ({ jail, address }: Pick<Ban, "jail" | "address">) =>
  `${jail}|${address}`;

Deno.test("list() gives each ban that is asked for once, and says how many there are", async () => {
  await fc.assert(fc.asyncProperty(
    anyBans,
    anyFilter,
    fc.option(fc.nat(12)),
    async (bans, filter, limit) => {
      const { bans: shown, matched } = await listed(listing(bans).listing, {
        filter,
        limit,
      });
      const asked = bans.filter((ban) => isAsked(ban, filter)).map(nameOf);
      strictEqual(matched, asked.length);
      strictEqual(shown.length, Math.min(limit ?? Infinity, asked.length));
      const names = shown.map(nameOf);
      strictEqual(new Set(names).size, names.length);
      ok(names.every((name) => asked.includes(name)));
    },
  ));
});

Deno.test("list() gives the first of all in an order, whichever page they are in", async () => {
  const keys: Readonly<
    Record<BanSort, (ban: OperatorBan) => number | string>
  > = {
    since: ({ reports }: OperatorBan) =>
      -Math.min(...reports.map(({ firstMs }) => firstMs)),
    ends: ({ reports }: OperatorBan) =>
      Math.max(...reports.map(({ endsMs }) => endsMs ?? Infinity)),
    jail: ({ jail }: OperatorBan) => jail,
    address: ({ address }: OperatorBan) => {
      const { isIpv4, first, prefixBits } = addressSpan(address);
      return [
        isIpv4 ? "4" : "6",
        first.toString(16).padStart(32, "0"),
        prefixBits + 100,
      ]
        .join();
    },
  };
  await fc.assert(fc.asyncProperty(
    anyBans,
    fc.constantFrom(...BAN_SORTS),
    fc.integer({ min: 1, max: 12 }),
    async (bans, sort, limit) => {
      const desk = listing(bans).listing;
      const all = await listed(desk);
      const { bans: shown, matched } = await listed(desk, { sort, limit });
      strictEqual(matched, bans.length);
      const sorted = all.bans.map((ban) => keys[sort](ban)).sort((
        left,
        right,
      ) => left < right ? -1 : left > right ? 1 : 0);
      deepStrictEqual(
        shown.map((ban) => keys[sort](ban)),
        sorted.slice(0, limit),
      );
    },
  ));
});

function many(count: number): Ban[] {
  return Array.from({ length: count }, (_, at) => ({
    address: address(`198.18.${at >> 8}.${at & 255}`),
    jail: jail(at % 2 === 0 ? "sshd" : "nginx"),
    reports: [{
      origin: host("web1"),
      firstMs: at,
      lastMs: at,
      expiresMs: 1e9,
    }],
    seq: at + 1,
    isPending: false,
  }));
}

Deno.test("list() gives what stands throughout once, whatever begins and ends meanwhile", async () => {
  const bans = many(3_000);
  const { table, listing: desk } = listing(bans);
  const seen: string[] = [];
  let seq = table.seq;
  const asked = { filter: ALL, sort: null, limit: null };
  for await (const answer of desk.list(asked, signal)) {
    if (answer.kind !== "bans") continue;
    seen.push(...answer.bans.map(nameOf));
    // Every third ends and begins again, others are reported again, some are new.
    for (let step = 0; step < 40; step++) {
      const at = (seq * 7) % 3_000;
      const { address: whom, jail: where } = bans[at] ?? { ...bans[0] };
      if (whom === undefined || where === undefined) continue;
      const base = { atMs: 5_000, address: whom, jail: where };
      if (at % 3 === 0) {
        table.apply({ ...base, kind: "lift", seq: ++seq, by: host("hub") });
      }
      table.apply({
        ...base,
        kind: "report",
        seq: ++seq,
        origin: host("web2"),
        expiresMs: 1e9,
        isPending: false,
      });
    }
  }
  const stood = bans.filter((_, at) => at % 3 !== 0).map(nameOf);
  const counts = new Map<string, number>();
  for (const name of seen) counts.set(name, (counts.get(name) ?? 0) + 1);
  ok(stood.every((name) => counts.get(name) === 1));
});

Deno.test("list() works in turns that end when they are over, and pages that are full", async () => {
  let nowMs = 0;
  let worked = 0;
  const pauses: number[] = [];
  const clock = {
    // Each look at the clock is a step of work.
    monotonicMs: () => (worked++, nowMs += 1),
    delay: (ms: number) => {
      pauses.push(ms);
      return Promise.resolve();
    },
  };
  const table = new BanTable(many(5_000), 1);
  const desk = new BanListing({
    hub: { table },
    store: { receipts: () => [] },
    nodes: { enforcing: () => [enforcing("web1")] },
    aheadMs: () => 0,
    turns: new SharedTurns({ clock, turnMs: 4 }),
  });
  const { matched, pages } = await listed(desk, {
    filter: { ...ALL, jail: jail("nginx") },
  });
  strictEqual(matched, 2_500);
  ok(worked > 5_000 / 16);
  ok(pauses.every((ms) => ms <= 6), "a turn was longer");
  ok(pages >= 2_500 / MAX_LINE_BANS);
});

Deno.test("list() counts who has a ban in force of those that should, the worst action of each, and says what the others say", async () => {
  const [one, two] = many(2);
  ok(one && two);
  const nodes = ["a", "b", "c", "d"].map((name) => enforcing(name));
  const receipt = (
    node: string,
    outcome: StoredReceipt["outcome"],
    action = "nftables",
    detail = "",
  ) => ({ ...one, node: host(node), action, outcome, detail, atMs: 0 });
  const receipts = [
    receipt("A", "applied"),
    receipt("b", "applied"),
    receipt("b", "refused", "fail2banclient", "ignoreip: 198.18.0.0/15"),
    receipt("c", "failed", "nftables", "no nft"),
    receipt("gone", "applied"),
  ];
  const desk = listing([one, { ...two, isPending: true }], { nodes, receipts })
    .listing;
  const { bans: [first, second] } = await listed(desk);
  strictEqual(first?.enforced, 1);
  strictEqual(first.expected, 4);
  deepStrictEqual(
    first.missing.map(({ node, action, state, detail }) =>
      [node, action, state, detail].join()
    ),
    [
      "b,fail2banclient,refused,ignoreip: 198.18.0.0/15",
      "c,nftables,failed,no nft",
      "d,,unknown,",
    ],
  );
  strictEqual(second?.expected, 0);
  const lacking = await listed(desk, { filter: { ...ALL, notEnforced: true } });
  deepStrictEqual(lacking.bans.map(nameOf), [nameOf(one)]);
});

Deno.test("list() counts a node by the actions that it has now, each of which must have the ban in force", async () => {
  const [one] = many(1);
  ok(one);
  const receipt = (
    node: string,
    outcome: StoredReceipt["outcome"],
    action = "nftables",
  ) => ({ ...one, node: host(node), action, outcome, detail: "", atMs: 0 });
  const receipts = [
    receipt("a", "applied"),
    receipt("a", "applied", "fail2banclient"),
    receipt("b", "applied"),
    receipt("c", "applied"),
    receipt("c", "lifted", "exec"),
  ];
  const desk = listing([one], {
    nodes: [
      enforcing("a", "nftables", "fail2banclient"),
      enforcing("b", "nftables", "fail2banclient"),
      enforcing("c", "nftables"),
    ],
    receipts,
  }).listing;
  const { bans: [ban] } = await listed(desk);
  deepStrictEqual([ban?.enforced, ban?.expected], [2, 3]);
  deepStrictEqual(
    ban?.missing.map(({ node, action, state }) => [node, action, state].join()),
    ["b,fail2banclient,unknown"],
  );
});
