import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { TableEvent } from "../../lib/ban/ban_decision.ts";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { AllowlistService } from "../../lib/publisher/allowlist_service.ts";
import type { Allowlist } from "../../lib/protection/allowlist.ts";
import type { AllowedNetwork } from "../../lib/members/member.ts";
import { refusal } from "../../lib/protection/protection_policy.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const OWN = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

function allowed(
  network: string,
  untilMs: number | null = null,
): AllowedNetwork {
  return { network: address(network), untilMs, note: "", addedMs: 0 };
}

function report(text: string, origin = "web1"): TableEvent {
  const key = { jail: jail("sshd"), address: address(text) };
  return { kind: "report", ...key, origin: host(origin), expiresMs: Infinity };
}

/** A hub and its allowlist at work; what is told is told to it as well. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly changes: Allowlist[] = [];
  readonly lifts: string[] = [];
  readonly hub: BanHub;
  readonly allowlist: AllowlistService;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    entries: readonly AllowedNetwork[] = [],
    readonly store = new MemoryBanStore(),
    nodes = 1,
  ) {
    const { clock, log } = this;
    this.hub = new BanHub({
      store,
      clock,
      log,
      quorumOf: () => ({ nodes, withinMs: Infinity }),
      onKept: (kept) => {
        for (const { change } of kept) {
          if (change.kind !== "lift") continue;
          this.lifts.push(`${change.address} by ${change.by}`);
        }
        this.allowlist.note(kept);
      },
    });
    this.allowlist = new AllowlistService({
      hub: this.hub,
      clock,
      log,
      by: host("hub"),
      protection: () => OWN,
      allowed: entries,
      onChange: (list) => this.changes.push(list),
    });
    this.#running = runTogether(this.#stop.signal, [
      (group) => this.hub.run(group),
      (group) => this.allowlist.run(group),
    ]);
  }

  /** Has bans reported. */
  async ban(...addresses: readonly string[]): Promise<void> {
    await this.hub.submit(addresses.map((text) => ({ event: report(text) })));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 10; round++) await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("AllowlistService lifts what comes to be covered, in the publisher's name, and nothing else", async () => {
  await using bench = new Bench();
  await bench.ban("192.0.2.1", "192.0.2.0/24", "192.0.2.7", "198.51.100.1");
  bench.allowlist.update([allowed("192.0.2.1")]);
  await bench.settle();
  deepStrictEqual(bench.lifts, ["192.0.2.1 by hub", "192.0.2.0/24 by hub"]);
  strictEqual(bench.allowlist.lifted, 2);
  strictEqual(bench.hub.table.size, 2);
  deepStrictEqual(bench.changes.map(({ ignore }) => ignore), [["192.0.2.1"]]);
  deepStrictEqual(bench.log.events, [
    "the allowlist is another",
    "lifted what the allowlist covers",
  ]);
});

Deno.test("AllowlistService lifts at its start what the store still has", async () => {
  const store = new MemoryBanStore();
  {
    await using before = new Bench([], store);
    await before.ban("192.0.2.1", "198.51.100.1");
  }
  await using bench = new Bench([allowed("192.0.2.0/24")], store);
  await bench.settle();
  deepStrictEqual(bench.lifts, ["192.0.2.1 by hub"]);
  deepStrictEqual(bench.changes, []);
});

Deno.test("AllowlistService lifts what does not count yet, since too few nodes reported it", async () => {
  await using bench = new Bench([], new MemoryBanStore(), 2);
  await bench.ban("192.0.2.1");
  strictEqual([...bench.hub.table.bans()][0]?.isPending, true);
  bench.allowlist.update([allowed("192.0.2.0/24")]);
  await bench.settle();
  strictEqual(bench.hub.table.size, 0);
});

Deno.test("AllowlistService protects what is on it until its time is over, and says each change", async () => {
  await using bench = new Bench();
  const untilMs = bench.clock.nowMs() + 5_000;
  bench.allowlist.update([allowed("192.0.2.1", untilMs)]);
  const rule = () =>
    refusal(address("192.0.2.1"), bench.allowlist.policy())?.rule;
  strictEqual(rule(), "allowlist");
  await bench.clock.advance(4_999);
  bench.allowlist.tick();
  strictEqual(rule(), "allowlist");
  await bench.clock.advance(1);
  bench.allowlist.tick();
  strictEqual(rule(), undefined);
  deepStrictEqual(bench.changes.map(({ ignore }) => ignore.length), [1, 0]);
  await bench.ban("192.0.2.1");
  strictEqual(bench.hub.table.size, 1);
});

Deno.test("AllowlistService says nothing of a list that is the same in another order, or with other notes", async () => {
  await using bench = new Bench([allowed("192.0.2.1"), allowed("192.0.2.2")]);
  const again = { ...allowed("192.0.2.1"), note: "mine" };
  bench.allowlist.update([allowed("192.0.2.2"), again]);
  deepStrictEqual(bench.changes, []);
});

Deno.test("AllowlistService lifts what was judged by the list before, and kept after the change", async () => {
  await using bench = new Bench();
  const submitted = bench.hub.submit([{ event: report("192.0.2.1") }]);
  bench.allowlist.update([allowed("192.0.2.1")]);
  await submitted;
  await bench.settle();
  deepStrictEqual(bench.lifts, ["192.0.2.1 by hub"]);
});

Deno.test("AllowlistService tries again what could not be kept, and tells of it once", async () => {
  await using bench = new Bench();
  await bench.ban("192.0.2.1");
  bench.store.failure = new RuntimeError("disk full");
  bench.allowlist.update([allowed("192.0.2.1")]);
  await bench.clock.advance(3_000);
  strictEqual(bench.hub.table.size, 1);
  bench.store.failure = undefined;
  await bench.clock.advance(1_000);
  strictEqual(bench.hub.table.size, 0);
  const told = bench.log.events.filter((event) => event.includes("can't be"));
  strictEqual(told.filter((event) => event.includes("covers")).length, 1);
});

Deno.test("AllowlistService lifts thousands in steps, between which others have their turn", async () => {
  await using bench = new Bench();
  const many = Array.from(
    { length: 2_500 },
    (_, at) => `198.18.${at >> 8}.${at & 255}`,
  );
  await bench.ban(...many, "192.0.2.1");
  bench.allowlist.update([allowed("198.18.0.0/15")]);
  await bench.settle();
  strictEqual(bench.hub.table.size, 1_501);
  await bench.clock.advance(0);
  await bench.clock.advance(0);
  strictEqual(bench.hub.table.size, 1);
  strictEqual(bench.allowlist.lifted, 2_500);
});
