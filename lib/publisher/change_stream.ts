/**
 * What the publisher sends to every subscriber: each change once it is kept, and a
 * heartbeat every second.
 *
 * @module
 */

import { HEARTBEAT_MS } from "../wire/heartbeat.ts";
import { encodeStreamMessage } from "../wire/v2.ts";
import type { KeptChange } from "../ban/ban_hub.ts";
import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { Epoch } from "../base/ids.ts";
import { SendQueue } from "../zmq/send_queue.ts";
import type { Clock } from "../async/clock.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { runTogether } from "../async/tasks.ts";
import { wireChange } from "../wire/wire_times.ts";

/** Options for {@link ChangeStream}. */
export interface ChangeStreamOptions {
  /** A PUB that subscribers listen to. */
  readonly socket: MessageSocket;
  readonly clock: Clock;
  readonly epoch: Epoch;
  /** The number of the last change. */
  readonly seq: () => number;
  /** The revision of the allowlist that counts. */
  readonly revision: () => number;
}

/** Tells until it is stopped. */
export class ChangeStream {
  readonly #options: ChangeStreamOptions;
  readonly #sendQueue: SendQueue;

  /** @param options See {@link ChangeStreamOptions}. */
  constructor(options: ChangeStreamOptions) {
    this.#options = options;
    this.#sendQueue = new SendQueue(options.socket);
  }

  /** Messages that were dropped: subscribers notice, and ask for them. */
  get dropped(): number {
    return this.#sendQueue.dropped;
  }

  /** Tells of changes, in their order. */
  publish(kept: readonly KeptChange[]): void {
    const { clock, epoch } = this.#options;
    const nowMs = clock.nowMs();
    for (const { change } of kept) {
      const wire = wireChange(change, nowMs);
      this.#sendQueue.put(
        encodeStreamMessage({ kind: "C", epoch, change: wire }),
      );
    }
  }

  /** Asks subscribers what they would do with a ban, behind all changes so far; `null`: all of them. */
  probe(order: number, address: Address, node: HostName | null): void {
    const { epoch } = this.#options;
    const probe = { kind: "P", epoch, order, address, node } as const;
    this.#sendQueue.put(encodeStreamMessage(probe));
  }

  /**
   * Sends and beats until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#sendQueue.run(group),
      (group) => this.#beat(group),
    ]);
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, epoch, seq, revision } = this.#options;
    while (true) {
      const now = { seq: seq(), revision: revision() };
      this.#sendQueue.put(encodeStreamMessage({ kind: "H", epoch, ...now }));
      await clock.delay(HEARTBEAT_MS, signal);
    }
  }
}
