/**
 * Carries out what the publisher asks of this host's own fail2ban, one after
 * the other, beside the session's conversation.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
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

/** Orders that wait; one more is forgotten: its operator hears nothing of it. */
const MAX_ORDERS = 300;

/** Takes orders of a session, and answers each. */
export class UnbanOrders {
  readonly #unban: UnbanHere;
  readonly #changed = new Condition();
  #orders: UnbanOrder[] = [];

  /** @param unban What an order has done. */
  constructor(unban: UnbanHere) {
    this.#unban = unban;
  }

  /** Takes an order. */
  put(order: UnbanOrder): void {
    if (this.#orders.length >= MAX_ORDERS) return;
    this.#orders.push(order);
    this.#changed.notify();
  }

  /**
   * Carries orders out until aborted; those of a session before are forgotten.
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
      const { order, jail, address } = next;
      const result = await this.#unban({ jail, address }, signal);
      await send({ kind: "UNBANNED", session, order, ...result }, signal);
    }
  }
}
