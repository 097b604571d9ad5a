/**
 * Carries out what the publisher asks of this program on behalf of an operator,
 * beside the session's conversation: one order after the other. Drills take
 * long, so they have a queue of their own.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import type { Address } from "../base/address.ts";
import type { SessionId } from "../base/ids.ts";
import type { PresencePace } from "../wire/presence_pace.ts";
import type {
  LocalUnbanOutcome,
  NodeCondition,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";
import type { DrillWord, ProbeVerdict } from "../wire/v2_probes.ts";

/** An order of the publisher. */
export type NodeOrder = Extract<
  PublisherMessage,
  { readonly kind: "UNBAN" | "PROBE" | "DRILL" }
>;
type OrderOf<K extends NodeOrder["kind"]> = Extract<
  NodeOrder,
  { readonly kind: K }
>;

/** The outcome of an UNBAN. */
export interface UnbanResult {
  readonly outcome: LocalUnbanOutcome;
  /** Why it failed, in the wire's characters; empty for other outcomes. */
  readonly detail: string;
}

/**
 * Makes this host's own fail2ban unban. Rejects only with the signal's reason.
 */
export type UnbanHere = (
  order: Pick<OrderOf<"UNBAN">, "jail" | "address">,
  signal: AbortSignal,
) => Promise<UnbanResult>;

/**
 * Makes each action ban for a moment. Rejects only with the signal's reason.
 */
export type DrillHere = (
  order: Pick<OrderOf<"DRILL">, "address" | "holdMs">,
  signal: AbortSignal,
) => Promise<DrillWord>;

/** The handlers of orders. */
export interface OrdersHere {
  /** Makes this host's own fail2ban unban. @default {it is off} */
  readonly unban?: UnbanHere | undefined;
  /** Says what the program would do with a ban. @default {no answer} */
  readonly judge?: ((address: Address) => ProbeVerdict) | undefined;
  /** Bans for a moment. @default {nothing bans here} */
  readonly drill?: DrillHere | undefined;
}

/** The answer of a host whose configuration does not allow unbans. */
export const UNBAN_IS_OFF: UnbanHere = () =>
  Promise.resolve({ outcome: "off", detail: "" });

/** The answer of a program without actions. */
const NO_DRILL: DrillHere = () =>
  Promise.resolve({
    actions: [],
    detail: "no action here keeps bans in force",
  });

/** Options for {@link NodeOrders}. */
export interface NodeOrdersOptions extends OrdersHere {
  /** Returns the program's current condition. */
  readonly condition: () => NodeCondition;
  readonly clock: Pick<Clock, "monotonicMs">;
  /**
   * How long an operator waits. Older orders are dropped, because the operator
   * was told that nobody answered.
   */
  readonly pace: Pick<PresencePace, "receiptWaitMs">;
}

/** Sends an answer. */
type SendAnswer = (answer: NodeMessage, signal: AbortSignal) => Promise<void>;

interface WaitingOrder {
  readonly order: NodeOrder;
  readonly sinceMs: number;
}

/**
 * Maximum number of waiting orders; a further one is dropped without an answer.
 */
const MAX_ORDERS = 300;
/** A drill behind another one would have no operator waiting any more. */
const MAX_DRILLS = 1;

/** Carries out the orders of a session, and answers each of them. */
export class NodeOrders {
  readonly #options: NodeOrdersOptions;
  readonly #changed = new Condition();
  #short: WaitingOrder[] = [];
  #drills: WaitingOrder[] = [];

  /** @param options See {@link NodeOrdersOptions}. */
  constructor(options: NodeOrdersOptions) {
    this.#options = options;
  }

  /** Queues an order. */
  put(order: NodeOrder): void {
    const isDrill = order.kind === "DRILL";
    const queue = isDrill ? this.#drills : this.#short;
    if (queue.length >= (isDrill ? MAX_DRILLS : MAX_ORDERS)) return;
    queue.push({ order, sinceMs: this.#options.clock.monotonicMs() });
    this.#changed.notify();
  }

  /**
   * Carries out orders until aborted. It drops those of the session before, and
   * those for which nobody waits any more.
   *
   * @param signal Ends it; the promise then rejects with its reason.
   * @param session The session.
   * @param send Sends an answer.
   */
  async run(
    signal: AbortSignal,
    session: SessionId,
    send: SendAnswer,
  ): Promise<void> {
    const short: WaitingOrder[] = this.#short = [];
    const drills: WaitingOrder[] = this.#drills = [];
    await runTogether(signal, [
      (group) => this.#work(short, group, session, send),
      (group) => this.#work(drills, group, session, send),
    ]);
    signal.throwIfAborted();
  }

  async #work(
    queue: WaitingOrder[],
    signal: AbortSignal,
    session: SessionId,
    send: SendAnswer,
  ): Promise<void> {
    const { clock, pace } = this.#options;
    while (true) {
      const next = queue.shift();
      if (next === undefined) {
        await this.#changed.wait(signal);
        continue;
      }
      const { order, sinceMs } = next;
      if (clock.monotonicMs() - sinceMs > pace.receiptWaitMs) continue;
      const answer = await this.#carryOut(order, session, signal);
      if (answer !== undefined) await send(answer, signal);
    }
  }

  async #carryOut(
    asked: NodeOrder,
    session: SessionId,
    signal: AbortSignal,
  ): Promise<NodeMessage | undefined> {
    const { unban = UNBAN_IS_OFF, judge, drill = NO_DRILL, condition } =
      this.#options;
    const { order, address } = asked;
    const to = { session, order };
    switch (asked.kind) {
      case "UNBAN": {
        const result = await unban({ jail: asked.jail, address }, signal);
        return { kind: "UNBANNED", ...to, ...result };
      }
      case "PROBE": {
        const verdict = judge?.(address);
        return verdict &&
          { kind: "PROBED", ...to, ...verdict, state: condition() };
      }
      case "DRILL": {
        const { holdMs } = asked;
        const word = await drill({ address, holdMs }, signal);
        return { kind: "DRILLED", ...to, ...word };
      }
    }
  }
}
