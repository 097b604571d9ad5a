/**
 * A subscriber of protocol 1 with in-memory dependencies.
 *
 * @module
 */

import { ActionQueue } from "../../../lib/subscriber/action_queue.ts";
import type { BanAction } from "../../../lib/enforce/enforcer.ts";
import { Protocol1Subscriber } from "../../../lib/subscriber/protocol1_subscriber.ts";
import { TAKE_ALL } from "../../../lib/choice/receiver_choice.ts";
import { host } from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryAction } from "../memory/memory_action.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { frames, MemorySocket } from "../memory/memory_socket.ts";

/** A running subscriber, with a socket and actions in memory. */
export class SubscriberBench implements AsyncDisposable {
  readonly broadcasts = new MemorySocket();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly action = new MemoryAction();
  readonly stop = new AbortController();
  readonly queue: ActionQueue;
  readonly subscriber: Protocol1Subscriber;
  readonly running: Promise<void>;

  constructor(
    { actions, maxWaiting = 10_000, graceMs = 500 }: {
      readonly actions?: readonly BanAction[];
      readonly maxWaiting?: number;
      readonly graceMs?: number;
    } = {},
  ) {
    const { broadcasts, clock, log, action } = this;
    this.queue = new ActionQueue({
      actions: actions ?? [action],
      clock,
      log,
      maxWaiting,
      graceMs,
    });
    this.subscriber = new Protocol1Subscriber({
      broadcasts,
      queue: this.queue,
      clock,
      log,
      receiver: { hostName: host("Web-1.example.net"), choice: TAKE_ALL },
    });
    this.running = this.queue.runWith(this.stop.signal, [
      (group) => this.subscriber.run(group),
    ]);
  }

  /** Totals of subscriber and queue. */
  get counters() {
    return { ...this.subscriber.counters, ...this.queue.counters };
  }

  async hear(...messages: string[]): Promise<void> {
    for (const message of messages) this.broadcasts.give(frames(message));
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}
