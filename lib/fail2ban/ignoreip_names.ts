/**
 * Looks up the host names in a jail's `ignoreip`, which fail2ban does not do
 * for a `banip` command.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import type { HostResolver } from "../protection/ports.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { LabelledNetwork } from "../base/network_set.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import { runTogether } from "../async/tasks.ts";

/** Options for {@link IgnoreipNames}. */
export interface IgnoreipNamesOptions {
  /** Looks up names. */
  readonly resolver: HostResolver;
  /** Time. */
  readonly clock: Clock;
  /** Receives a record of each entry that can't be honoured. */
  readonly log: Log;
}

/** The cached addresses of a name. */
interface ResolvedName {
  readonly addresses: readonly Address[];
  /** When it is looked up again, by a monotonic clock. */
  readonly againAtMs: number;
  readonly isFailing: boolean;
}

/** Maximum age of an answer. */
const MAX_AGE_MS = 300_000;
const RETRY_INTERVAL_MS = 30_000;
/** Longest time that bans wait for a lookup. */
const LOOKUP_TIMEOUT_MS = 3_000;
/** Maximum number of cached names; above it the oldest are forgotten. */
const MAX_NAMES = 1_000;

/**
 * Looks up names concurrently. A name whose lookup fails keeps its last
 * addresses; one that never had any is ignored and logged.
 */
export class IgnoreipNames {
  readonly #options: IgnoreipNamesOptions;
  readonly #troubleLog: LogThrottle;
  readonly #answers = new Map<HostName, ResolvedName>();
  readonly #strange = new Set<string>();

  /**
   * Starts with an empty cache.
   *
   * @param options See {@link IgnoreipNamesOptions}.
   */
  constructor(options: IgnoreipNamesOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
  }

  /**
   * Resolves the entries that are not addresses.
   *
   * @param entries Host names. Anything else (a file, a command) is logged once
   * and ignored.
   * @param signal Aborts the wait.
   */
  async networksOf(
    entries: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly LabelledNetwork[]> {
    const names = entries.flatMap((entry) => {
      const name = parseHostName(entry);
      if (name === undefined) this.#reportUnsupported(entry);
      return name ?? [];
    });
    await this.#lookUp(names, signal);
    return names.flatMap((name) =>
      (this.#answers.get(name)?.addresses ?? []).map((network) => ({
        network,
        label: name,
      }))
    );
  }

  async #lookUp(
    names: readonly HostName[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, resolver } = this.#options;
    const nowMs = clock.monotonicMs();
    const due = new Set(
      names.filter((name) => !(this.#againAtMs(name) > nowMs)),
    );
    if (due.size === 0) return;
    const ask = async (name: HostName, group: AbortSignal) => {
      try {
        this.#accept(name, await resolver.resolve(name, group));
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        this.#keep(name, error.message);
      }
      due.delete(name);
    };
    await runTogether(signal, [
      (group) => clock.delay(LOOKUP_TIMEOUT_MS, group),
      async (group) => {
        await Promise.all([...due].map((name) => ask(name, group)));
      },
    ]);
    signal.throwIfAborted();
    const reason = `no answer within ${LOOKUP_TIMEOUT_MS / 1_000} s`;
    for (const name of due) this.#keep(name, reason);
  }

  #againAtMs(name: HostName): number {
    return this.#answers.get(name)?.againAtMs ?? -Infinity;
  }

  #accept(name: HostName, addresses: readonly Address[]): void {
    this.#note(name, { addresses, pauseMs: MAX_AGE_MS, isFailing: false });
  }

  /**
   * Keeps the last answer: a name whose lookup fails most likely has the same
   * addresses.
   */
  #keep(name: HostName, reason: string): void {
    const { addresses = [], isFailing = false } = this.#answers.get(name) ?? {};
    this.#note(name, {
      addresses,
      pauseMs: RETRY_INTERVAL_MS,
      isFailing: true,
    });
    if (isFailing) return;
    this.#troubleLog.record("warning", "host name in ignoreip not resolved", {
      name,
      reason,
      stillProtected: addresses.join(",") || "nothing",
    });
  }

  #note(
    name: HostName,
    { pauseMs, ...answer }: Omit<ResolvedName, "againAtMs"> & {
      pauseMs: number;
    },
  ): void {
    const againAtMs = this.#options.clock.monotonicMs() + pauseMs;
    this.#answers.delete(name);
    this.#answers.set(name, { ...answer, againAtMs });
    if (this.#answers.size <= MAX_NAMES) return;
    const [oldest] = this.#answers.keys();
    if (oldest !== undefined) this.#answers.delete(oldest);
  }

  #reportUnsupported(entry: string): void {
    if (this.#strange.has(entry) || this.#strange.size >= MAX_NAMES) return;
    this.#strange.add(entry);
    const event = "an entry of ignoreip can't be honoured";
    this.#troubleLog.record("warning", event, { entry });
  }
}
