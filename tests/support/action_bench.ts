/**
 * An enforced action with everything around it in memory.
 *
 * @module
 */

import { deepStrictEqual } from "node:assert/strict";
import { EnforcedAction } from "../../lib/enforced_action.ts";
import { parseJailMap } from "../../lib/jail_map.ts";
import { CLUSTER_JAIL } from "../../lib/jail_name.ts";
import type { LocalBan } from "../../lib/ports.ts";
import { address, banEvent, host, jail } from "./core_values.ts";
import { ManualClock, settled } from "./manual_clock.ts";
import {
  MemoryEnforcer,
  type MemoryEnforcerOptions,
} from "./memory_enforcer.ts";
import { MemoryLedger } from "./memory_ledger.ts";
import { MemoryLog } from "./memory_log.ts";

/** How it is set up. */
export interface ActionBenchOptions
  extends Omit<MemoryEnforcerOptions, "clock"> {
  /** @default {3600000} */
  readonly banTimeMs?: number;
  /** @default {600000} */
  readonly resyncEveryMs?: number;
  /** @default {"sshd = sshd"} */
  readonly jailMap?: string;
}

const NEVER = new AbortController().signal;

/** Runs it until it is disposed of. */
export class ActionBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly ledger = new MemoryLedger();
  readonly enforcer: MemoryEnforcer;
  action: EnforcedAction;
  readonly #options: ActionBenchOptions;
  #abort = new AbortController();
  /** How the run ends: with what it throws, if it does. */
  #outcome: Promise<{ error: unknown } | undefined> | undefined;

  constructor(options: ActionBenchOptions = {}) {
    this.#options = options;
    this.enforcer = new MemoryEnforcer({ clock: this.clock, ...options });
    this.action = this.#newAction();
  }

  /** A ban of `192.0.2.x` in the dedicated jail, as web-1 reported it. */
  ban(last: number, forMs = 3_600_000, jailName = CLUSTER_JAIL): LocalBan {
    return {
      jail: jailName,
      address: address(`192.0.2.${last}`),
      expiresMs: this.clock.nowMs() + forMs,
      origin: host("web-1"),
      reportedJail: jail("nginx"),
    };
  }

  /** Begins to run, and lets all happen that waits for no time. */
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

  /** Ends the run, forgets everything but ledger and enforcer, and begins anew. */
  async restart(
    whileDown: () => void | Promise<void> = () => {},
  ): Promise<void> {
    await this.stop();
    await whileDown();
    this.action = this.#newAction();
    await this.start();
  }

  /** Waits for the run to end, and throws what it threw. */
  async ended(): Promise<void> {
    const outcome = await this.#outcome;
    this.#outcome = undefined;
    if (outcome !== undefined) throw outcome.error;
  }

  /** Tells it of events as `Ban 1`, of web-1's jail nginx, or in full. */
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

  /** Shows which bans of the dedicated jail are in force. */
  holds(...lasts: readonly number[]): void {
    deepStrictEqual(
      this.enforcer.keys,
      lasts.map((last) => `${CLUSTER_JAIL}|192.0.2.${last}`).sort(),
    );
  }

  /** Shows which of these are noted. */
  notes(...lasts: readonly number[]): void {
    deepStrictEqual(
      this.ledger.load(this.enforcer.name).map(({ address }) => address).sort(),
      lasts.map((last) => `192.0.2.${last}`).sort(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #newAction(): EnforcedAction {
    const { clock, log, ledger, enforcer } = this;
    const { banTimeMs = 3_600_000, resyncEveryMs = 600_000 } = this.#options;
    return new EnforcedAction({
      enforcer,
      ledger,
      clock,
      log,
      hostName: host("here"),
      jailMap: parseJailMap(this.#options.jailMap ?? "sshd = sshd") ?? [],
      banTimeMs,
      resyncEveryMs,
    });
  }
}
