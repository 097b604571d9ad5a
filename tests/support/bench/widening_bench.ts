import { BanHub } from "../../../lib/ban/ban_hub.ts";
import type { TableEvent } from "../../../lib/ban/ban_decision.ts";
import type { HubRequest } from "../../../lib/ban/decision_batch.ts";
import { runTogether } from "../../../lib/async/tasks.ts";
import {
  OPERATOR_ORIGIN,
  WIDENED_ORIGIN,
} from "../../../lib/base/operator_name.ts";
import type {
  GuardedNetworks,
  ProtectionPolicy,
} from "../../../lib/protection/protection_policy.ts";
import { parseWidenRules, wideningBy } from "../../../lib/widen/widen_rules.ts";
import { WideningService } from "../../../lib/widen/widening_service.ts";
import { address, host, jail } from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryBanStore } from "../memory/memory_ban_store.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** Options for {@link WideningBench}. */
export interface WideningBenchOptions {
  readonly store?: MemoryBanStore;
  readonly clock?: ManualClock;
  readonly widen4?: string;
  readonly widen6?: string;
  readonly nodes?: number;
}

/** A hub and the widened networks of its table. */
export class WideningBench implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly store: MemoryBanStore;
  readonly log = new MemoryLog();
  readonly hub: BanHub;
  readonly widening: WideningService;
  #policy: ProtectionPolicy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    { store = new MemoryBanStore(), clock = new ManualClock(), ...rules }:
      WideningBenchOptions = {},
  ) {
    const { widen4 = "off", widen6 = "/64 after 3", nodes = 1 } = rules;
    const { log } = this;
    this.store = store;
    this.clock = clock;
    this.hub = new BanHub({
      store,
      clock,
      log,
      quorumOf: () => ({ nodes, withinMs: Infinity }),
      onKept: (kept) => this.widening.note(kept),
    });
    this.widening = new WideningService({
      hub: this.hub,
      store,
      clock,
      log,
      wideningOf: wideningBy({
        IPv4: parseWidenRules(widen4, "IPv4") ?? [],
        IPv6: parseWidenRules(widen6, "IPv6") ?? [],
      }),
      protection: () => this.#policy,
    });
    this.#running = runTogether(this.#stop.signal, [
      (group) => this.hub.run(group),
      (group) => this.widening.run(group),
    ]);
  }

  /** Changes the guarded networks. */
  set guarded(guarded: readonly GuardedNetworks[]) {
    this.#policy = { ...this.#policy, guarded };
  }

  /** Submits requests to the hub. */
  async say(...requests: readonly HubRequest[]) {
    const verdicts = await this.hub.submit(requests);
    await this.settle();
    return verdicts;
  }

  /** Reports addresses. */
  async ban(...addresses: readonly string[]): Promise<void> {
    await this.say(...addresses.map((text) => ({ event: reportOf(text) })));
  }

  /** Lets time pass, like the publisher. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.widening.noteExpired(this.hub.expire());
    this.widening.tick();
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let round = 0; round < 6; round++) await settled();
  }

  /** The widened networks, with their ends. */
  get networks(): readonly string[] {
    return [...this.hub.table.bans()].flatMap((ban) => {
      const report = ban.reports.find(({ origin }) =>
        origin === WIDENED_ORIGIN
      );
      return report === undefined
        ? []
        : [`${ban.jail} ${ban.address} ${report.expiresMs}`];
    }).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** The key of a ban. */
export function key(text: string, jailName = "sshd") {
  return { jail: jail(jailName), address: address(text) };
}

/** A report of a node. */
export function reportOf(
  text: string,
  expiresMs = Infinity,
  origin = "web1",
  jailName = "sshd",
): TableEvent & { kind: "report" } {
  return {
    kind: "report",
    ...key(text, jailName),
    origin: host(origin),
    expiresMs,
    isExact: true,
  };
}

/** A node's withdrawal of its report. */
export function withdrawal(text: string, origin = "web1"): HubRequest {
  return {
    event: { kind: "withdraw", ...key(text), origin: host(origin) },
  };
}

/** A lift, by default an operator's. */
export function lift(text: string, by: string = OPERATOR_ORIGIN): HubRequest {
  return { event: { kind: "lift", ...key(text), by: host(by) } };
}
