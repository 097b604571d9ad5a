import { choosing, enforcing } from "../support/values/enforcing_nodes.ts";
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { SharedTurns } from "../../lib/async/shared_turns.ts";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { StatusService } from "../../lib/operators/status_service.ts";
import type { ThreadPercents } from "../../lib/wire/operator_status.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import { address, host, jail } from "../support/values/core_values.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const MINUTE_MS = 60_000;
const STILL = { monotonicMs: () => 0, delay: () => Promise.resolve() };
const { signal } = new AbortController();

function node(name: string, state: LiveNode["state"]): LiveNode {
  return {
    ...{ node: host(name), state, seenAgoMs: null, roles: [], aside: null },
    ...{ accepted: 0, known: 0, refused: 0, reports: 0 },
  };
}

/** A hub with nodes, and what it is asked. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryBanStore();
  backupAgoMs: number | null = null;
  threads: ThreadPercents | undefined;
  readonly hub: BanHub;
  readonly service: StatusService;
  nodes = ["web1", "web2", "db1"].map((name) => enforcing(name));
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(quorum = 1) {
    const { clock, store } = this;
    this.hub = new BanHub({
      ...{ clock, store, log: new MemoryLog() },
      onKept: (kept) => this.service.noteKept(kept),
      quorumOf: () => ({ nodes: quorum, withinMs: Infinity }),
    });
    this.service = new StatusService({
      ...{ hub: this.hub, store, clock, version: "0.2.0" },
      nodes: {
        enforcing: () => this.nodes,
        live: () => [
          node("web1", "ok"),
          node("web2", "aside"),
          node("db1", "silent"),
        ],
      },
      turns: new SharedTurns({ clock: STILL }),
      backupAgoMs: () => Promise.resolve(this.backupAgoMs),
      threads: () => this.threads,
    });
    this.#running = Promise.allSettled([
      this.hub.run(this.#stop.signal),
      this.service.run(this.#stop.signal),
    ]);
  }

  async report(origin: string, text: string, forMs = Infinity) {
    return await this.hub.submit([{
      event: {
        kind: "report",
        ...{ jail: jail("sshd"), address: address(text), origin: host(origin) },
        expiresMs: this.clock.nowMs() + forMs,
      },
    }]);
  }

  async applied(name: string, text: string): Promise<void> {
    const { kept } = await this.store.keepReceipts([{
      ...{ node: host(name), jail: jail("sshd"), address: address(text) },
      ...{ action: "nftables", outcome: "applied", detail: "", atMs: 0 },
    }]);
    this.service.noteReceipts(kept);
  }

  refuse(rule: string): void {
    const [node, address_] = [host("web1"), address("192.0.2.1")];
    this.service.noteRefused({
      ...{ node, jail: jail("sshd"), address: address_, rule },
    });
  }

  status() {
    return this.service.status(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("status() counts each ban at each node that should have it in force, those that report it and those that are silent as well", async () => {
  await using bench = new Bench();
  await bench.report("web1", "192.0.2.1");
  await bench.report("web2", "192.0.2.2");
  await bench.applied("db1", "192.0.2.1");
  await bench.clock.advance(5_000);
  const { enforced, nodes, bans, waiting, change, upMs, version } = await bench
    .status();
  deepStrictEqual(enforced, {
    ...{ inForce: 3, expected: 6, nodes: 3 },
    ...{ observed: 0, observers: 0 },
  });
  deepStrictEqual(nodes, { ok: 1, silent: 1, away: 0, never: 0, aside: 1 });
  deepStrictEqual([bans, waiting, change, upMs, version], [
    ...[2, 0, 2, 5_000],
    "0.2.0",
  ]);
});

Deno.test("status() tells what began, ended and was refused within an hour, however it ended", async () => {
  await using bench = new Bench();
  await bench.report("web1", "192.0.2.1", 30 * MINUTE_MS);
  await bench.report("web2", "192.0.2.1", 30 * MINUTE_MS);
  await bench.report("web1", "192.0.2.2");
  for (const rule of ["loopback", "allowlist", "allowlist"]) bench.refuse(rule);
  await bench.clock.advance(31 * MINUTE_MS);
  bench.service.noteExpired(bench.hub.expire());
  await bench.hub.submit([{
    event: {
      kind: "lift",
      ...{ jail: jail("sshd"), address: address("192.0.2.2") },
      by: host("operator"),
    },
  }]);
  const { lastHour } = await bench.status();
  deepStrictEqual(lastHour, {
    spanMs: 31 * MINUTE_MS,
    began: 2,
    ended: 2,
    refused: [{ rule: "allowlist", count: 2 }, { rule: "loopback", count: 1 }],
  });
  await bench.clock.advance(32 * MINUTE_MS);
  const later = (await bench.status()).lastHour;
  deepStrictEqual(later, {
    ...{ spanMs: 60 * MINUTE_MS, began: 0, ended: 2, refused: [] },
  });
});

Deno.test("status() counts a ban that waits for its quorum by itself, and as begun once that is there", async () => {
  await using bench = new Bench(2);
  await bench.report("web1", "192.0.2.1");
  const before = await bench.status();
  deepStrictEqual(
    [before.bans, before.waiting, before.lastHour.began],
    [0, 1, 0],
  );
  strictEqual(before.enforced.expected, 0);
  await bench.report("web2", "192.0.2.1");
  const after = await bench.status();
  deepStrictEqual([after.bans, after.waiting, after.lastHour.began], [1, 0, 1]);
});

Deno.test("status() tells how old the last backup is", async () => {
  await using bench = new Bench();
  strictEqual((await bench.status()).backupAgoMs, null);
  bench.backupAgoMs = 7_000;
  strictEqual((await bench.status()).backupAgoMs, 7_000);
});

Deno.test("status() tells how busy the publisher's threads are, where that is known", async () => {
  await using bench = new Bench();
  strictEqual((await bench.status()).threads, null);
  bench.threads = { mainPercent: 7, ioPercent: 93 };
  deepStrictEqual((await bench.status()).threads, bench.threads);
});

Deno.test("status() tells why the store keeps nothing, until it does", async () => {
  await using bench = new Bench();
  bench.store.failure = new RuntimeError("disk full");
  await bench.report("web1", "192.0.2.1").catch(() => {});
  strictEqual((await bench.status()).storeTrouble, "disk full");
  bench.store.failure = undefined;
  await bench.report("web1", "192.0.2.1");
  strictEqual((await bench.status()).storeTrouble, "");
});

Deno.test("status() expects a ban nowhere where it is left out or observed, and counts what is observed", async () => {
  await using bench = new Bench();
  bench.nodes = [
    enforcing("web1", "nftables"),
    choosing("web2", { ignoreNodes: ["web1"] }),
    { ...choosing("db1", { observeNodes: ["*"] }), actions: [] },
  ];
  await bench.report("web1", "192.0.2.1");
  await bench.report("web3", "192.0.2.2");
  await bench.applied("web1", "192.0.2.2");
  await bench.applied("web2", "192.0.2.2");
  deepStrictEqual((await bench.status()).enforced, {
    ...{ inForce: 3, expected: 3, nodes: 2 },
    ...{ observed: 2, observers: 1 },
  });
});
