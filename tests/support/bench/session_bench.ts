/**
 * A node's session with a publisher in memory.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import { ControlClient } from "../../../lib/client/control_client.ts";
import { BYE_MS } from "../../../lib/client/farewell.ts";
import type { Session } from "../../../lib/client/session.ts";
import type { Explanation } from "../../../lib/client/silence.ts";
import type { Allowlist } from "../../../lib/protection/allowlist.ts";
import {
  address,
  host,
  IDLE_SUBSCRIBER,
  jail,
  PLACE,
} from "../values/core_values.ts";
import { ManualClock } from "../memory/manual_clock.ts";
import { MemoryControl } from "../memory/memory_control.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** An unban event. */
export const UNBAN: NodeEvent = {
  kind: "unban",
  id: "event-0000000000000000" as EventId,
  jail: jail("sshd"),
  address: address("198.18.0.0"),
  why: "lifted",
};

type SessionHandler = (session: Session, signal: AbortSignal) => Promise<void>;

/** A handler that only receives. */
export const idle: SessionHandler = async ({ receive }, signal) => {
  await receive(signal);
};

/** A running session; calls `lead` with each conversation. */
export class SessionBench implements AsyncDisposable {
  readonly publisher = new MemoryControl();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly madeAtMs: number[] = [];
  readonly allowlists: Allowlist[] = [];
  readonly session: ControlClient;
  /** Finds out why nobody answers. */
  explain: () => Promise<Explanation | undefined> = () =>
    Promise.resolve(undefined);
  readonly running: Promise<void>;

  constructor(
    handler: SessionHandler = idle,
    prepare: (publisher: MemoryControl) => void = () => {},
  ) {
    prepare(this.publisher);
    const { clock, log } = this;
    this.session = new ControlClient({
      clock,
      log,
      node: host("web-1"),
      role: "subscriber",
      connect: () => {
        this.madeAtMs.push(clock.monotonicMs());
        return this.publisher.connect();
      },
      token: () => "",
      version: "1.2.3",
      place: PLACE,
      condition: () => IDLE_SUBSCRIBER,
      onIgnore: (list) => this.allowlists.push(list),
      explain: () => this.explain(),
    });
    this.running = this.session.run(this.stop.signal, handler);
    this.running.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.clock.advance(BYE_MS);
    await this.running.catch(() => {});
  }
}
