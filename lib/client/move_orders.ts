/**
 * Receives the publisher's new address from it, and answers with the outcome,
 * beside the session's conversation.
 *
 * @module
 */

import { Condition } from "../async/tasks.ts";
import type { SessionId } from "../base/ids.ts";
import type { PublisherAddress } from "../members/member.ts";
import type {
  MoveOutcome,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";

/** The address to which the publisher will move. */
export type MoveOrder = Omit<
  Extract<PublisherMessage, { readonly kind: "MOVE" }>,
  "kind"
>;

/** The outcome of a move. */
export interface MoveResult {
  readonly outcome: MoveOutcome;
  /**
   * In the wire's characters; empty unless the address is configured, or
   * storing it failed.
   */
  readonly detail: string;
}

/** Stores the publisher's new address. Never rejects. */
export type MoveHere = (address: PublisherAddress) => Promise<MoveResult>;

/** The answer of a program that can't store it. */
const NOWHERE: MoveHere = () =>
  Promise.resolve({ outcome: "failed", detail: "it keeps no address" });

/** Carries out the orders of a session, and answers each of them. */
export class MoveOrders {
  readonly #move: MoveHere;
  readonly #changed = new Condition();
  /** Of several orders, only the last one counts. */
  #order: MoveOrder | undefined;

  /** @param move Carries out an order. @default {it fails} */
  constructor(move: MoveHere = NOWHERE) {
    this.#move = move;
  }

  /** Queues an order, replacing one that waits. */
  put(order: MoveOrder): void {
    this.#order = order;
    this.#changed.notify();
  }

  /**
   * Carries out orders until aborted. It drops an order of the session before.
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
    this.#order = undefined;
    while (true) {
      const next = this.#order;
      this.#order = undefined;
      if (next === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      const { order, controlUrl, streamUrl } = next;
      const result = await this.#move({ controlUrl, streamUrl });
      await send({ kind: "MOVED", session, order, ...result }, signal);
    }
  }
}
