import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
import type { EnforcingNode } from "../../lib/operators/enforcement_view.ts";
import { MAX_WAITING_EVENTS } from "../../lib/operators/event_queue.ts";
import { LiveTail } from "../../lib/operators/live_tail.ts";
import type { SubjectFilter } from "../../lib/wire/operator_bans.ts";
import {
  type LiveEvent,
  MAX_LINE_EVENTS,
} from "../../lib/wire/operator_tail.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { choosing, enforcing } from "../support/values/enforcing_nodes.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const BAD = "203.0.113.7";
const AHEAD_MS = 3_600_000;

/** An event without its time and what all of a test have in common. */
function short(event: LiveEvent): string {
  switch (event.kind) {
    case "ban":
      return `ban ${event.node} ${event.enforced}/${event.expected} ${event.afterMs}`;
    case "end":
      return `end ${event.end} ${event.node}`;
    case "lost":
      return `lost ${event.count}`;
    case "refuse":
      return `refuse ${event.node} ${event.rule}`;
    default:
      return `${event.kind} ${event.node}`;
  }
}

/** Follows, and holds what it was told. */
class Reader {
  readonly events: LiveEvent[] = [];
  readonly sizes: number[] = [];
  readonly #stop = new AbortController();
  readonly #pages: AsyncGenerator<readonly LiveEvent[], void, undefined>;

  constructor(tail: LiveTail, filter: Partial<SubjectFilter> = {}) {
    const all = { jail: null, node: null, at: null, within: null };
    this.#pages = tail.follow({ ...all, ...filter }, this.#stop.signal);
  }

  /** Reads a page. */
  async read(): Promise<void> {
    const { value } = await this.#pages.next();
    this.sizes.push(value?.length ?? -1);
    this.events.push(...value ?? []);
  }

  /** Reads on until it is stopped. */
  async readOn(): Promise<void> {
    while (true) await this.read();
  }

  stop(): void {
    this.#stop.abort();
  }

  get texts(): readonly string[] {
    return this.events.map(short);
  }
}

/** A hub at work, and whoever watches it. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly hub: BanHub;
  readonly tail: LiveTail;
  nodes: readonly EnforcingNode[] = [enforcing("web1"), enforcing("web2")];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(quorum = 1) {
    const { clock } = this;
    this.hub = new BanHub({
      ...{ clock, store: new MemoryBanStore(), log: new MemoryLog() },
      onKept: (kept) => this.tail.noteKept(kept),
      quorumOf: () => ({ nodes: quorum, withinMs: Infinity }),
    });
    this.tail = new LiveTail({
      ...{ clock, aheadMs: () => AHEAD_MS, hostName: host("hub") },
      ...{ nodes: { enforcing: () => this.nodes }, waitMs: 3_000 },
    });
    this.#running = this.hub.run(this.#stop.signal).catch(() => {});
  }

  /** One who reads all that comes. */
  async reader(
    filter: Partial<SubjectFilter> = {},
  ): Promise<{ reader: Reader; reading: Promise<void> }> {
    const reader = new Reader(this.tail, filter);
    await reader.read();
    const reading = rejects(reader.readOn(), { name: "AbortError" });
    await settled();
    return { reader, reading };
  }

  async report(node: string, text = BAD, forMs = Infinity): Promise<void> {
    await this.hub.submit([{
      event: {
        ...{ kind: "report", jail: jail("sshd"), address: address(text) },
        origin: host(node),
        expiresMs: this.clock.nowMs() + forMs,
      },
    }]);
    await settled();
  }

  async lift(by: string, text = BAD): Promise<void> {
    const key = { jail: jail("sshd"), address: address(text) };
    await this.hub.submit([{ event: { kind: "lift", ...key, by: host(by) } }]);
    await settled();
  }

  async say(
    node: string,
    outcome: StoredReceipt["outcome"],
    action = "nftables",
  ): Promise<void> {
    this.tail.noteReceipts([{
      ...{ node: host(node), jail: jail("sshd"), address: address(BAD) },
      ...{ action, outcome, detail: "", atMs: 0 },
    }]);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("follow() tells a ban once every node that is there has it in force, and how long that took", async () => {
  await using bench = new Bench();
  bench.nodes = [
    enforcing("web1"),
    enforcing("web2", "nftables", "exec"),
    { ...enforcing("db1"), isSilent: true },
  ];
  const { reader, reading } = await bench.reader();
  const atMs = bench.clock.nowMs() + AHEAD_MS;
  await bench.report("web1");
  await bench.clock.advance(5);
  await bench.say("web2", "applied");
  deepStrictEqual(reader.texts, []);
  await bench.clock.advance(7);
  await bench.say("WEB2", "applied", "exec");
  deepStrictEqual(reader.texts, ["ban web1 2/3 12"]);
  const [event] = reader.events;
  strictEqual(event?.kind === "ban" && event.atMs, atMs);
  reader.stop();
  await reading;
});

Deno.test("follow() tells a ban that a node refuses, or says nothing of, after the wait", async () => {
  await using bench = new Bench();
  bench.nodes = [...bench.nodes, enforcing("db1")];
  const { reader, reading } = await bench.reader();
  await bench.report("web1");
  await bench.say("web2", "refused");
  await bench.clock.advance(2_900);
  deepStrictEqual(reader.texts, []);
  await bench.clock.advance(200);
  deepStrictEqual(reader.texts, ["ban web1 1/3 null"]);
  reader.stop();
  await reading;
});

Deno.test("follow() tells who else reports, what waits for a quorum, what is refused, and each end with who made it", async () => {
  await using bench = new Bench(2);
  bench.nodes = [];
  const { reader, reading } = await bench.reader();
  await bench.report("web1");
  await bench.report("web2");
  await bench.report("web2", BAD, Infinity);
  await bench.report("web3");
  await bench.lift("operator");
  for (const by of ["hub", "web9"]) {
    await bench.report("web1");
    await bench.report("web2");
    await bench.lift(by);
  }
  await bench.report("web1", BAD, 60_000);
  await bench.report("web2", BAD, 60_000);
  await bench.clock.advance(60_000);
  bench.tail.noteExpired(bench.hub.expire());
  bench.tail.noteRefused({
    ...{ node: host("web9"), jail: jail("sshd") },
    ...{ address: address("127.0.0.1"), rule: "loopback" },
  });
  await settled();
  deepStrictEqual(reader.texts, [
    ...["wait web1", "ban web2 0/0 null", "report web3", "end operator null"],
    ...["wait web1", "ban web2 0/0 null", "end allowlist null"],
    ...["wait web1", "ban web2 0/0 null", "end node web9"],
    ...["wait web1", "ban web2 0/0 null", "end expiry null"],
    "refuse web9 loopback",
  ]);
  reader.stop();
  await reading;
});

Deno.test("follow() tells a ban before its end, however soon that comes", async () => {
  await using bench = new Bench();
  const { reader, reading } = await bench.reader();
  await bench.report("web1");
  await bench.lift("operator");
  deepStrictEqual(reader.texts, ["ban web1 1/2 null", "end operator null"]);
  reader.stop();
  await reading;
});

Deno.test("follow() says that nothing happened after a while, and one who has left is told nothing more", async () => {
  await using bench = new Bench();
  const { reader, reading } = await bench.reader();
  await bench.clock.advance(16_000);
  deepStrictEqual(reader.sizes, [0, 0]);
  reader.stop();
  await reading;
  await bench.report("web1");
  const { reader: other, reading: others } = await bench.reader();
  await bench.report("web2", "203.0.113.8");
  await bench.clock.advance(3_000);
  deepStrictEqual(other.texts, ["ban web2 1/2 null"]);
  other.stop();
  await others;
});

Deno.test("follow() holds so many events for one who does not read, says where others are left out, and goes on; who reads misses none", async () => {
  await using bench = new Bench();
  bench.nodes = [];
  const { reader, reading } = await bench.reader();
  const slow = new Reader(bench.tail);
  await slow.read();
  const [many, late] = [MAX_WAITING_EVENTS + 500, "198.51.100.1"];
  for (let at = 0; at < many; at++) {
    bench.tail.noteRefused({
      ...{ node: host("web9"), jail: jail("sshd"), rule: "loopback" },
      address: address(`127.0.${at >> 8}.${at & 255}`),
    });
    if (at % 100 === 0) await settled();
  }
  await settled();
  strictEqual(reader.events.length, many);
  await slow.read();
  await bench.report("web1", late);
  for (let lines = 1; lines <= MAX_WAITING_EVENTS / MAX_LINE_EVENTS; lines++) {
    await slow.read();
  }
  strictEqual(Math.max(...slow.sizes), MAX_LINE_EVENTS);
  strictEqual(slow.events.length, MAX_WAITING_EVENTS + 2);
  deepStrictEqual(slow.texts.slice(-2), ["lost 500", "ban web1 0/0 null"]);
  reader.stop();
  slow.stop();
  await reading;
});

Deno.test("follow() waits for no node that leaves the ban out or only observes it", async () => {
  await using bench = new Bench();
  bench.nodes = [
    enforcing("web1", "nftables"),
    choosing("db1", { ignoreJails: ["sshd"] }),
    choosing("db2", { observeNodes: ["web*"] }),
    choosing("db3", { takeNodes: ["web1"] }),
  ];
  const { reader, reading } = await bench.reader();
  await bench.report("web1");
  await bench.clock.advance(5);
  await bench.say("db3", "applied");
  deepStrictEqual(reader.texts, ["ban web1 2/2 5"]);
  reader.stop();
  await reading;
});

Deno.test("follow() tells of the bans only that a filter leaves, as bans would list them, and of what a node did itself", async () => {
  await using bench = new Bench();
  bench.nodes = [];
  const filters: readonly Partial<SubjectFilter>[] = [
    {},
    { jail: jail("nginx") },
    { node: host("WEB2") },
    { at: address("203.0.113.7") },
    { within: address("203.0.113.0/24"), node: host("web1") },
  ];
  const readers = await Promise.all(filters.map((it) => bench.reader(it)));
  await bench.report("web1", "203.0.113.0/24");
  await bench.report("web2", "203.0.113.0/24");
  await bench.report("web1", "203.0.113.8", 5_000);
  await bench.report("web2", "198.51.100.1");
  await bench.lift("operator", "203.0.113.0/24");
  bench.tail.noteRefused({
    ...{ node: host("web2"), jail: jail("nginx") },
    ...{ address: address("127.0.0.1"), rule: "loopback" },
  });
  await bench.lift("web2", "203.0.113.8");
  await settled();
  const told = readers.map(({ reader }) =>
    reader.events.map((event) =>
      event.kind === "lost" ? "" : `${event.kind} ${event.address}`
    )
  );
  deepStrictEqual(told, [
    [
      ...["ban 203.0.113.0/24", "report 203.0.113.0/24", "ban 203.0.113.8"],
      ...["ban 198.51.100.1", "end 203.0.113.0/24", "refuse 127.0.0.1"],
      "end 203.0.113.8",
    ],
    ["refuse 127.0.0.1"],
    [
      ...["report 203.0.113.0/24", "ban 198.51.100.1", "end 203.0.113.0/24"],
      ...["refuse 127.0.0.1", "end 203.0.113.8"],
    ],
    ["ban 203.0.113.0/24", "report 203.0.113.0/24", "end 203.0.113.0/24"],
    [
      ...["ban 203.0.113.0/24", "report 203.0.113.0/24", "ban 203.0.113.8"],
      ...["end 203.0.113.0/24", "end 203.0.113.8"],
    ],
  ]);
  for (const { reader, reading } of readers) {
    reader.stop();
    await reading;
  }
});
