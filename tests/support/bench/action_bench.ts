/**
 * An enforced action with in-memory dependencies.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import { EnforcedAction } from "../../../lib/enforce/enforced_action.ts";
import { parseJailMap } from "../../../lib/base/jail_map.ts";
import { CLUSTER_JAIL } from "../../../lib/base/jail_name.ts";
import type { ActionReceipt, HostBan } from "../../../lib/enforce/enforcer.ts";
import type { ProtectionPolicy } from "../../../lib/protection/protection_policy.ts";
import { SteadyClock } from "../../../lib/async/steady_clock.ts";
import { DesiredCopy } from "../../../lib/enforce/desired_copy.ts";
import { DesiredReports } from "../../../lib/enforce/desired_reports.ts";
import { UpdateProtection } from "../../../lib/enforce/update_protection.ts";
import { address, banEvent, host, jail } from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import {
  MemoryEnforcer,
  type MemoryEnforcerOptions,
} from "../memory/memory_enforcer.ts";
import { MemoryLedger } from "../memory/memory_ledger.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** Options for {@link ActionBench}. */
export interface ActionBenchOptions
  extends Omit<MemoryEnforcerOptions, "clock"> {
  /** @default {3600000} */
  readonly banTimeMs?: number;
  /** @default {600000} */
  readonly resyncEveryMs?: number;
  /** @default {"sshd = sshd"} */
  readonly jailMap?: string;
  /** Where desired bans come from. @default {DesiredReports} */
  readonly source?: BanSourceClass;
}

type BanSourceClass = typeof DesiredCopy | typeof DesiredReports;

const NEVER = new AbortController().signal;

/** Runs it until it is disposed of. */
export class ActionBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  /** The steady clock of the action and the enforcer. */
  readonly steady = new SteadyClock(this.clock);
  readonly log = new MemoryLog();
  readonly ledger = new MemoryLedger();
  /** Receipts, oldest first. */
  readonly receipts: ActionReceipt[] = [];
  /** Whether there is room for receipts that may wait. */
  hasRoom = true;
  /** The current protection rules. */
  policy: ProtectionPolicy = { minPrefix4Bits: 24, minPrefix6Bits: 48 };
  /** Applies these rules for all actions of the host. */
  readonly protection = new UpdateProtection({
    policy: () => this.policy,
    receipts: { add: (receipt) => this.receipts.push(receipt) },
    clock: this.steady,
    log: this.log,
  });
  readonly enforcer: MemoryEnforcer;
  action: EnforcedAction;
  /** The jail map, used from the next start on. */
  jailMap: string;
  readonly #options: ActionBenchOptions;
  #abort = new AbortController();
  /** The result of the run, with its error if any. */
  #outcome: Promise<{ error: unknown } | undefined> | undefined;

  constructor(options: ActionBenchOptions = {}) {
    this.#options = options;
    this.jailMap = options.jailMap ?? "sshd = sshd";
    this.enforcer = new MemoryEnforcer({ clock: this.steady, ...options });
    this.action = this.#newAction(options.source);
  }

  /** A ban of `192.0.2.x` in the dedicated jail, as web-1 reported it. */
  ban(last: number, forMs = 3_600_000, jailName = CLUSTER_JAIL): HostBan {
    return {
      jail: jailName,
      address: address(`192.0.2.${last}`),
      expiresMs: this.clock.nowMs() + forMs,
      origin: host("web-1"),
      reportedJail: jail("nginx"),
    };
  }

  /** Starts the action, and runs everything that needs no time to pass. */
  async start(): Promise<void> {
    this.#outcome = this.action.run(this.#abort.signal).then(
      () => undefined,
      (error) => ({ error }),
    );
    await settled();
  }

  /** Ends the run. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.ended();
    this.#abort = new AbortController();
  }

  /** Stops the action, keeps only ledger and enforcer, and starts again. */
  async restart(
    whileDown: () => void | Promise<void> = () => {},
  ): Promise<void> {
    await this.stop();
    await whileDown();
    this.renew();
    await this.start();
  }

  /** Waits for the run to end, and rethrows its error. */
  async ended(): Promise<void> {
    const outcome = await this.#outcome;
    this.#outcome = undefined;
    if (outcome !== undefined) throw outcome.error;
  }

  /**
   * Passes events on, written as `Ban 1` (of web-1's jail nginx) or in full.
   */
  async act(...texts: readonly string[]): Promise<void> {
    const events = texts.map((text) => {
      const [kind = "", last = ""] = text.split(" ");
      return banEvent(
        text.includes("|") ? text : `web-1|nginx|${kind}|192.0.2.${last}`,
      );
    });
    await this.action.act(events, NEVER);
    await settled();
  }

  /** Passes one event on with the end of the ban, in steady time. */
  async tell(text: string, expiresMs: number): Promise<void> {
    const [kind = "", last = ""] = text.split(" ");
    const event = banEvent(`web-1|nginx|${kind}|192.0.2.${last}`);
    await this.action.act([{ ...event, expiresMs }], NEVER);
    await settled();
  }

  /**
   * Creates a new action with the same ledger and enforcer, after the old one
   * ended.
   */
  renew(source = this.#options.source): void {
    this.action = this.#newAction(source);
  }

  /** Asserts which bans of the dedicated jail are in force. */
  holds(...lasts: readonly number[]): void {
    deepStrictEqual(
      this.enforcer.keys,
      lasts.map((last) => `${CLUSTER_JAIL}|192.0.2.${last}`).sort(),
    );
  }

  /** Asserts which bans the ledger notes as wanted. */
  notes(...lasts: readonly number[]): void {
    const { reports } = this.ledger.load(this.enforcer.name);
    deepStrictEqual(
      reports.map(({ address }) => address).sort(),
      lasts.map((last) => `192.0.2.${last}`).sort(),
    );
  }

  /** The bans noted as applied or tried, such as `1 applied`. */
  get marks(): string[] {
    const { marks } = this.ledger.load(this.enforcer.name);
    return marks.map(({ ban, state }) =>
      `${ban.address.split(".")[3]} ${state}`
    ).sort();
  }

  /**
   * The receipts since the last call, such as `1 applied` or `1 failed no
   * jail`.
   */
  takeReceipts(): string[] {
    return this.receipts.splice(0).map(({ address, outcome, detail }) =>
      `${address.split(".")[3]} ${outcome} ${detail}`.trim()
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #newAction(Source: BanSourceClass = DesiredReports): EnforcedAction {
    const { steady: clock, log, ledger, enforcer, receipts } = this;
    const { protection } = this;
    const hasRoom = () => this.hasRoom;
    const { banTimeMs = 3_600_000, resyncEveryMs = 600_000 } = this.#options;
    const hostName = host("here");
    const jailMap = parseJailMap(this.jailMap) ?? [];
    return new EnforcedAction({
      enforcer,
      desired: new Source({ hostName, jailMap, banTimeMs }),
      ledger,
      clock,
      log,
      hostName,
      jailMap,
      protection,
      receipts: {
        get hasRoom() {
          return hasRoom();
        },
        add: (receipt) => receipts.push(receipt),
      },
      resyncEveryMs,
    });
  }
}
