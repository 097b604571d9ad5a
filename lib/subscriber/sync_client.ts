/**
 * The subscriber's side of a session with the publisher: sends the copy's
 * questions and receipts, one of each at a time.
 *
 * @module
 */

import type { Receipt } from "../ban/receipt.ts";
import { type ControlClient } from "../client/control_client.ts";
import { LostSessionError, type Session } from "../client/session.ts";
import type { Clock } from "../async/clock.ts";
import type { ActionReceipt, ReceiptQueue } from "./receipt_queue.ts";
import type { SyncAnswer, SyncQuestion } from "../wire/v2_messages.ts";
import { Condition, runTogether } from "../async/tasks.ts";
import { agoMs } from "../wire/wire_times.ts";
import { plainText } from "../wire/v2.ts";

/** Options for {@link SyncClient}. */
export interface SyncClientOptions {
  readonly session: ControlClient;
  readonly receipts: ReceiptQueue;
  readonly clock: Clock;
  /** Called when a session begins: time to ask. */
  readonly onBegin: () => void;
  /** Called with an answer; call {@link SyncClient.answered} afterwards. */
  readonly onAnswer: (answer: SyncAnswer) => void;
  /** Called when the session has ended; an open question gets no answer. */
  readonly onEnd: () => void;
  /**
   * Timeout for an answer, in milliseconds; then the session ends.
   *
   * @default {5000}
   */
  readonly replyTimeoutMs?: number;
  /** Time to collect receipts before sending, in milliseconds. @default {50} */
  readonly collectMs?: number;
}

/** Sends questions and receipts until stopped. */
export class SyncClient {
  readonly #options: Required<SyncClientOptions>;
  readonly #changed = new Condition();
  #question: SyncQuestion | undefined;
  /** State of the last question: sent, or its answer is being handled. */
  #state: "idle" | "asked" | "taking" | "useless" = "idle";
  #batches = 0;

  /** @param options See {@link SyncClientOptions}. */
  constructor(options: SyncClientOptions) {
    this.#options = { replyTimeoutMs: 5_000, collectMs: 50, ...options };
  }

  /** Asks a question, in place of one that was not sent yet. */
  ask(question: SyncQuestion): void {
    this.#question = question;
    this.#changed.notify();
  }

  /**
   * Ends the handling of an answer, after the questions that follow from it.
   *
   * @param isOfUse Whether it answered the question; otherwise the session
   *   ends.
   */
  answered(isOfUse: boolean): void {
    if (this.#state !== "taking") return;
    this.#state = isOfUse ? "idle" : "useless";
    this.#changed.notify();
  }

  /**
   * Runs until aborted.
   *
   * @param signal Stops it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await this.#options.session.run(
      signal,
      (session, ended) => this.#handler(session, ended),
    );
  }

  async #handler(session: Session, signal: AbortSignal): Promise<void> {
    const { onBegin, onEnd, receipts } = this.#options;
    this.#question = undefined;
    this.#state = "idle";
    this.#batches = 0;
    onBegin();
    try {
      await runTogether(signal, [
        (group) => this.#say(session, group),
        (group) => this.#listen(session, group),
      ]);
      signal.throwIfAborted();
    } finally {
      receipts.requeue();
      onEnd();
    }
  }

  /** Sends one message at a time, because a socket takes no more. */
  async #say(session: Session, signal: AbortSignal): Promise<void> {
    const { receipts } = this.#options;
    const { session: id } = session.welcome;
    while (true) {
      if (this.#state === "useless") {
        throw new LostSessionError("its answer is to another question");
      }
      const question = this.#state === "idle" ? this.#question : undefined;
      if (question !== undefined) {
        this.#question = undefined;
        this.#state = "asked";
        this.#changed.notify();
        await session.send({ kind: "SYNC", session: id, ...question }, signal);
      } else if (this.#hasReceipts()) {
        const { maxReceipts } = session.welcome.limits;
        if (receipts.size >= maxReceipts || await this.#collect(signal)) {
          await this.#sendReceipts(session, signal);
        }
      } else {
        await this.#waitForMore(signal);
      }
    }
  }

  #hasReceipts(): boolean {
    const { receipts } = this.#options;
    return receipts.size > 0 && !receipts.isInFlight;
  }

  async #sendReceipts(
    { welcome: { session, limits }, send }: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const { receipts, clock } = this.#options;
    const nowMs = clock.nowMs();
    const results = receipts.dequeue(limits.maxReceipts)
      .map((receipt) => wireReceipt(receipt, nowMs));
    const batch = ++this.#batches;
    this.#changed.notify();
    await send({ kind: "RECEIPTS", session, batch, results }, signal);
  }

  /**
   * Waits for more receipts after the first.
   *
   * @returns Whether there is nothing more urgent to send.
   */
  async #collect(signal: AbortSignal): Promise<boolean> {
    const { clock, collectMs } = this.#options;
    let isOver = false;
    await runTogether(signal, [
      (group) => this.#changed.wait(group),
      async (group) => {
        await clock.delay(collectMs, group);
        isOver = true;
      },
    ]);
    signal.throwIfAborted();
    return isOver;
  }

  async #waitForMore(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#changed.wait(group),
      (group) => this.#options.receipts.added(group),
    ]);
    signal.throwIfAborted();
  }

  async #listen(
    { receive }: Session,
    signal: AbortSignal,
  ): Promise<void> {
    const { receipts, replyTimeoutMs } = this.#options;
    while (true) {
      if (this.#state !== "asked" && !receipts.isInFlight) {
        await this.#receiveUnasked(receive, signal);
        continue;
      }
      const answer = await receive(signal, replyTimeoutMs);
      if (answer.kind !== "ACK") this.#accept(answer);
      else if (answer.batch === this.#batches) {
        receipts.acknowledge();
        this.#changed.notify();
      } else throw new LostSessionError("it says ACK out of step");
    }
  }

  /**
   * Without an open question only the allowlist comes, for the session itself.
   */
  async #receiveUnasked(
    receive: Session["receive"],
    signal: AbortSignal,
  ): Promise<void> {
    await runTogether(signal, [
      (group) => this.#changed.wait(group),
      async (group) => {
        const { kind } = await receive(group);
        throw new LostSessionError(`it says ${kind} unasked`);
      },
    ]);
    signal.throwIfAborted();
  }

  #accept(answer: SyncAnswer): void {
    if (this.#state !== "asked") {
      throw new LostSessionError(`it says ${answer.kind} out of step`);
    }
    this.#state = "taking";
    this.#options.onAnswer(answer);
  }
}

/** Converts a receipt for the wire, which has details only for a failure. */
function wireReceipt(
  { jail, address, action, outcome, detail, atMs }: ActionReceipt,
  nowMs: number,
): Receipt {
  const isFailure = outcome === "refused" || outcome === "failed";
  return {
    jail,
    address,
    action,
    outcome,
    detail: isFailure ? plainText(detail) : "",
    agoMs: agoMs(atMs, nowMs),
  };
}
