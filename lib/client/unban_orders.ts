/**
 * Carries out what the publisher asks of this host's own fail2ban, one after
 * the other, beside the session's conversation.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition } from "../async/tasks.ts";
import type { PresencePace } from "../wire/presence_pace.ts";
import type { SessionId } from "../base/ids.ts";
import type {
  LocalUnbanOutcome,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";

/** What the publisher asks. */
export type UnbanOrder = Omit<
  Extract<PublisherMessage, { readonly kind: "UNBAN" }>,
  "kind"
>;

/** What became of it. */
export interface UnbanResult {
  readonly outcome: LocalUnbanOutcome;
  /** Why it failed, as the wire takes it; empty for the others. */
  readonly detail: string;
}

/** Has this host's own fail2ban unban. Rejects with the signal's reason only. */
export type UnbanHere = (
  order: Pick<UnbanOrder, "jail" | "address">,
  signal: AbortSignal,
) => Promise<UnbanResult>;

/** The answer of a host whose configuration does not allow it. */
export const UNBAN_IS_OFF: UnbanHere = () =>
  Promise.resolve({ outcome: "off", detail: "" });

/** Options for {@link UnbanOrders}. */
export interface UnbanOrdersOptions {
  /** What an order has done. @default {it is off} */
  readonly unban?: UnbanHere | undefined;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** How long an operator waits: the order of one who was told that nobody answered comes to nothing. */
  readonly pace: Pick<PresencePace, "receiptWaitMs">;
}

interface WaitingOrder extends UnbanOrder {
  readonly sinceMs: number;
}

/** Orders that wait; one more is forgotten: its operator hears nothing of it. */
const MAX_ORDERS = 300;

/** Takes orders of a session, and answers each. */
export class UnbanOrders {
  readonly #options: UnbanOrdersOptions;
  readonly #changed = new Condition();
  #orders: WaitingOrder[] = [];

  /** @param options See {@link UnbanOrdersOptions}. */
  constructor(options: UnbanOrdersOptions) {
    this.#options = options;
  }

  /** Takes an order. */
  put(order: UnbanOrder): void {
    if (this.#orders.length >= MAX_ORDERS) return;
    const sinceMs = this.#options.clock.monotonicMs();
    this.#orders.push({ ...order, sinceMs });
    this.#changed.notify();
  }

  /**
   * Carries orders out until aborted; those of a session before are forgotten,
   * and those for which nobody waits any more.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @param session The session.
   * @param send Sends an answer.
   */
  async run(
    signal: AbortSignal,
    session: SessionId,
    send: (answer: NodeMessage, signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    this.#orders = [];
    while (true) {
      const next = this.#orders.shift();
      if (next === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      const { order, jail, address, sinceMs } = next;
      const { unban = UNBAN_IS_OFF, clock, pace } = this.#options;
      if (clock.monotonicMs() - sinceMs > pace.receiptWaitMs) continue;
      const result = await unban({ jail, address }, signal);
      await send({ kind: "UNBANNED", session, order, ...result }, signal);
    }
  }
}
