/**
 * Queues HELLOs while the publisher does not know whether it is the active one,
 * and answers them once it knows.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition } from "../async/tasks.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { NodeRole } from "../base/ids.ts";

/** Options for {@link LateGreetings}. */
export interface LateGreetingsOptions {
  readonly clock: Pick<Clock, "delay" | "monotonicMs">;
  /** Whether HELLOs may be answered now. */
  readonly mayGreet: () => boolean;
}

/** Interval between checks whether HELLOs may be answered. */
const LOOK_MS = 50;
/**
 * How long a node waits for its answer before it says HELLO over another
 * connection.
 */
const PATIENCE_MS = 2_000;
/** Maximum number of waiting nodes; further ones must say HELLO again. */
const WAITING_LIMIT = 10_000;

/** Delays the answers to HELLOs. */
export class LateGreetings {
  readonly #options: LateGreetingsOptions;
  readonly #changed = new Condition();
  readonly #waiting = new Map<
    string,
    { readonly greet: () => void; readonly sinceMs: number }
  >();

  /** @param options See {@link LateGreetingsOptions}. */
  constructor(options: LateGreetingsOptions) {
    this.#options = options;
  }

  /**
   * Answers now, or once that is permitted. Only a node's latest HELLO counts,
   * on whatever connection: a later answer to an earlier one would end its
   * session.
   *
   * @param hello The node and role.
   * @param greet Answers it.
   */
  greet(
    { node, role }: { readonly node: HostName; readonly role: NodeRole },
    greet: () => void,
  ): void {
    const who = `${canonicalHost(node)} ${role}`;
    this.#waiting.delete(who);
    if (this.#options.mayGreet()) return greet();
    if (this.#waiting.size >= WAITING_LIMIT) return;
    const sinceMs = this.#options.clock.monotonicMs();
    this.#waiting.set(who, { greet, sinceMs });
    this.#changed.notify();
  }

  /**
   * Answers waiting HELLOs until aborted; the promise then rejects with the
   * signal's reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, mayGreet } = this.#options;
    while (true) {
      while (this.#waiting.size === 0) await this.#changed.wait(signal);
      await clock.delay(LOOK_MS, signal);
      const sinceMs = clock.monotonicMs() - PATIENCE_MS;
      const mayNow = mayGreet();
      for (const [who, waiting] of this.#waiting) {
        const isGone = waiting.sinceMs <= sinceMs;
        if (isGone || mayNow) this.#waiting.delete(who);
        if (mayNow && !isGone) waiting.greet();
      }
    }
  }
}
