/**
 * Takes it from the publisher where it will be, and answers what came of that,
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

/** Where the publisher says that it will be. */
export type MoveOrder = Omit<
  Extract<PublisherMessage, { readonly kind: "MOVE" }>,
  "kind"
>;

/** What became of it. */
export interface MoveResult {
  readonly outcome: MoveOutcome;
  /** As the wire takes it; empty unless it is configured, or failed. */
  readonly detail: string;
}

/** Notes where the publisher will be. Never rejects. */
export type MoveHere = (address: PublisherAddress) => Promise<MoveResult>;

/** The answer of a program that has nothing to note it in. */
const NOWHERE: MoveHere = () =>
  Promise.resolve({ outcome: "failed", detail: "it keeps no address" });

/** Takes orders of a session, and answers each. */
export class MoveOrders {
  readonly #move: MoveHere;
  readonly #changed = new Condition();
  /** Of several the last one counts. */
  #order: MoveOrder | undefined;

  /** @param move What an order has done. @default {it fails} */
  constructor(move: MoveHere = NOWHERE) {
    this.#move = move;
  }

  /** Takes an order; one that waits still is forgotten. */
  put(order: MoveOrder): void {
    this.#order = order;
    this.#changed.notify();
  }

  /**
   * Carries orders out until aborted; one of a session before is forgotten.
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
