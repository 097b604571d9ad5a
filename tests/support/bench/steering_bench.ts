/**
 * A hub, nodes whose receipts a test sends, and an operator.
 *
 * @module
 */

import { enforcing } from "../values/enforcing_nodes.ts";
import type { EnforcingNode } from "../../../lib/operators/enforcement_view.ts";
import { SharedTurns } from "../../../lib/async/shared_turns.ts";
import { BanHub } from "../../../lib/ban/ban_hub.ts";
import type { StoredReceipt } from "../../../lib/ban/ban_store.ts";
import {
  type LocalAnswer,
  LocalUnbanService,
} from "../../../lib/operators/local_unban_service.ts";
import { ReceiptWatch } from "../../../lib/operators/receipt_watch.ts";
import { SteeringService } from "../../../lib/operators/steering_service.ts";
import type {
  BanOrder,
  UnbanOrder,
} from "../../../lib/wire/operator_steering.ts";
import type { WhyWidened } from "../../../lib/wire/operator_why.ts";
import { guardOf } from "../values/guards.ts";
import { address, host, jail } from "../values/core_values.ts";
import { ManualClock } from "../memory/manual_clock.ts";
import { MemoryBanStore } from "../memory/memory_ban_store.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** The address that the operator bans. */
export const BAD = address("203.0.113.7");

/** Enough nodes that lists of missing nodes are cut. */
export const MANY = Array.from({ length: 40 }, (_, at) => `node${at + 1}`);

/** The clock of the turns: each reading advances it, and pauses are counted. */
class TurnClock {
  stepMs = 0;
  pauses = 0;
  #nowMs = 0;

  monotonicMs(): number {
    return this.#nowMs += this.stepMs;
  }

  delay(): Promise<void> {
    this.pauses++;
    return Promise.resolve();
  }
}

const { signal } = new AbortController();

/** A hub, nodes whose receipts a test sends, and an operator. */
export class SteeringBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly store = new MemoryBanStore();
  readonly receipts = new ReceiptWatch();
  readonly deeds: string[] = [];
  /** Requests to nodes, and their answers. */
  readonly asked: string[] = [];
  answers: Readonly<Record<string, LocalAnswer>> = {};
  readonly turns = new TurnClock();
  /** Why any network is banned by widening. */
  widened: WhyWidened | undefined;
  readonly hub: BanHub;
  readonly service: SteeringService;
  nodes: readonly EnforcingNode[] = ["web1", "web2", "db1"].map((name) =>
    enforcing(name)
  );
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const { clock, store, receipts } = this;
    this.hub = new BanHub({
      clock,
      store,
      log: new MemoryLog(),
      onKept: () => {},
    });
    this.service = new SteeringService({
      ...{ hub: this.hub, store, receipts, clock, waitMs: 3_000 },
      widenedOf: () => this.widened,
      nodes: { enforcing: () => this.nodes },
      protection: () => ({
        minPrefix4Bits: 24,
        minPrefix6Bits: 48,
        guarded: [guardOf("allowlist", "192.0.2.0/24")],
      }),
      local: new LocalUnbanService({
        ...{ store, waitMs: 3_000, nowMs: () => this.clock.nowMs() },
        askNode: (node, { jail }, waitMs) => {
          this.asked.push(`${node} ${jail} ${waitMs}`);
          return Promise.resolve(
            this.answers[node] ?? { outcome: "away", detail: "" },
          );
        },
      }),
      turns: new SharedTurns({ clock: this.turns }),
      record: (...deed) => {
        this.deeds.push(deed.join("|"));
        return Promise.resolve();
      },
    });
    this.#running = this.hub.run(this.#stop.signal).catch(() => {});
  }

  ban(more: Partial<BanOrder> = {}) {
    const order = {
      by: "root",
      address: BAD,
      forMs: 60_000,
      reason: "",
      force: false,
    };
    return this.service.ban({ ...order, ...more }, signal);
  }

  unban(more: Partial<UnbanOrder>) {
    const order = {
      ...{ by: "root", address: null, node: null, jail: null },
      local: false,
    };
    return this.service.unban({ ...order, ...more }, signal);
  }

  async report(
    node: string,
    text: string,
    jailName = "sshd",
    forMs = Infinity,
  ): Promise<void> {
    await this.hub.submit([{
      event: {
        kind: "report",
        jail: jail(jailName),
        address: address(text),
        origin: host(node),
        expiresMs: this.clock.nowMs() + forMs,
      },
    }]);
  }

  /** Sends a node's receipt, and stores it. */
  async say(
    node: string,
    outcome: StoredReceipt["outcome"],
    more: Partial<StoredReceipt> = {},
  ): Promise<void> {
    const receipt: StoredReceipt = {
      ...{ node: host(node), jail: jail("operator"), address: BAD, outcome },
      ...{ action: "nftables", detail: "", atMs: this.clock.nowMs() },
      ...more,
    };
    this.receipts.note([receipt]);
    await this.store.keepReceipts([receipt]);
  }

  get bans(): readonly string[] {
    return [...this.hub.table.bans()].map(({ jail, address }) =>
      `${jail} ${address}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
