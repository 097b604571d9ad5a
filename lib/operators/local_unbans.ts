/**
 * Asks nodes to have their own fail2ban unban, for an operator who waits.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, inTime } from "../async/tasks.ts";
import type { BanKey } from "../ban/ban.ts";
import type { SessionId } from "../base/ids.ts";
import type { HostName } from "../base/host_name.ts";
import type { LocalAnswer } from "./local_unban_service.ts";
import type { NodeMessage, PublisherMessage } from "../wire/v2_messages.ts";

type Unbanned = Extract<NodeMessage, { readonly kind: "UNBANNED" }>;

/** Options for {@link LocalUnbans}. */
export interface LocalUnbansOptions {
  /** Says something to each session of a node. @returns Which they are. */
  readonly say: (
    node: HostName,
    message: PublisherMessage,
  ) => readonly SessionId[];
  readonly clock: Pick<Clock, "delay">;
}

interface Waiting {
  readonly awaited: Set<SessionId>;
  readonly answers: LocalAnswer[];
  readonly changed: Condition;
}

/** The answer that counts where a node's programs give several. */
const BEST_FIRST: readonly LocalAnswer["outcome"][] = [
  "lifted",
  "absent",
  "failed",
  "off",
];

/**
 * Asks all programs of a node: which of them has the right at its fail2ban is
 * known there only.
 */
export class LocalUnbans {
  readonly #options: LocalUnbansOptions;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  /** @param options See {@link LocalUnbansOptions}. */
  constructor(options: LocalUnbansOptions) {
    this.#options = options;
  }

  /**
   * Asks a node.
   *
   * @param node Who reported the ban.
   * @param key What its fail2ban is to unban.
   * @param waitMs How long it has to answer, in milliseconds.
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  async ask(
    node: HostName,
    { jail, address }: BanKey,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<LocalAnswer> {
    const order = ++this.#orders;
    const waiting: Waiting = {
      awaited: new Set(),
      answers: [],
      changed: new Condition(),
    };
    this.#waiting.set(order, waiting);
    try {
      const message = { kind: "UNBAN", order, jail, address } as const;
      for (const session of this.#options.say(node, message)) {
        waiting.awaited.add(session);
      }
      if (waiting.awaited.size === 0) return { outcome: "away", detail: "" };
      await inTime(this.#options.clock, waitMs, signal, async (ended) => {
        while (!isOver(waiting)) await waiting.changed.wait(ended);
      });
    } finally {
      this.#waiting.delete(order);
    }
    return bestOf(waiting.answers) ?? { outcome: "silent", detail: "" };
  }

  /** Hears what a program of a node answers. */
  note({ session, order, outcome, detail }: Unbanned): void {
    const waiting = this.#waiting.get(order);
    if (waiting?.awaited.delete(session) !== true) return;
    waiting.answers.push({ outcome, detail });
    waiting.changed.notify();
  }
}

function isOver({ awaited, answers }: Waiting): boolean {
  return awaited.size === 0 ||
    answers.some(({ outcome }) => outcome === "lifted");
}

function bestOf(answers: readonly LocalAnswer[]): LocalAnswer | undefined {
  for (const outcome of BEST_FIRST) {
    const answer = answers.find((each) => each.outcome === outcome);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
