/**
 * The host names in a jail's `ignoreip`, which fail2ban looks up and `banip`
 * does not look at.
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

/** What they are looked up with. */
export interface IgnoreipNamesOptions {
  /** Looks a name up. */
  readonly resolver: HostResolver;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell of what can't be honoured. */
  readonly log: Log;
}

/** What is known of a name. */
interface ResolvedName {
  readonly addresses: readonly Address[];
  /** When it is looked up again, by a clock that never jumps. */
  readonly againAtMs: number;
  readonly isFailing: boolean;
}

/** An answer holds so long, in milliseconds. */
const BELIEVED_MS = 300_000;
const RETRY_AFTER_MS = 30_000;
/** Bans wait no longer for names, in milliseconds. */
const LIMIT_MS = 3_000;
/** Above it the names that were asked for first are forgotten. */
const MAX_NAMES = 1_000;

/**
 * Looks names up, all at a time. Who has no answer any more stays with the
 * last one; who never had one protects nobody, and is told of.
 */
export class IgnoreipNames {
  readonly #options: IgnoreipNamesOptions;
  readonly #troubleLog: LogThrottle;
  readonly #answers = new Map<HostName, ResolvedName>();
  readonly #strange = new Set<string>();

  /**
   * Makes one who has not looked anything up.
   *
   * @param options What they are looked up with.
   */
  constructor(options: IgnoreipNamesOptions) {
    this.#options = options;
    this.#troubleLog = new LogThrottle(options.log, options.clock);
  }

  /**
   * Says whom entries stand for that are no addresses.
   *
   * @param entries Host names. What is neither (a file, a command) is told of
   * once, and protects nobody.
   * @param signal Ends the wait.
   */
  async networksOf(
    entries: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly LabelledNetwork[]> {
    const names = entries.flatMap((entry) => {
      const name = parseHostName(entry);
      if (name === undefined) this.#tellStrange(entry);
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
      (group) => clock.delay(LIMIT_MS, group),
      async (group) => {
        await Promise.all([...due].map((name) => ask(name, group)));
      },
    ]);
    signal.throwIfAborted();
    const reason = `no answer within ${LIMIT_MS / 1_000} s`;
    for (const name of due) this.#keep(name, reason);
  }

  #againAtMs(name: HostName): number {
    return this.#answers.get(name)?.againAtMs ?? -Infinity;
  }

  #accept(name: HostName, addresses: readonly Address[]): void {
    this.#note(name, { addresses, pauseMs: BELIEVED_MS, isFailing: false });
  }

  /** Who can't be asked now is most likely where it was. */
  #keep(name: HostName, reason: string): void {
    const { addresses = [], isFailing = false } = this.#answers.get(name) ?? {};
    this.#note(name, { addresses, pauseMs: RETRY_AFTER_MS, isFailing: true });
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

  #tellStrange(entry: string): void {
    if (this.#strange.has(entry) || this.#strange.size >= MAX_NAMES) return;
    this.#strange.add(entry);
    const event = "an entry of ignoreip can't be honoured";
    this.#troubleLog.record("warning", event, { entry });
  }
}
