/**
 * A request link with in-memory dependencies.
 *
 * @module
 */

import type { BanEvent } from "../../../lib/ban/ban_event.ts";
import {
  Protocol1Link,
  type Protocol1LinkOptions,
} from "../../../lib/monitor/protocol1_link.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { MemoryPublisher } from "../memory/memory_publisher.ts";

/** A running link to a publisher in memory. */
export class LinkBench implements AsyncDisposable {
  readonly publisher = new MemoryPublisher();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly link: Protocol1Link;
  readonly running: Promise<void>;

  /**
   * @param prepare Prepares the publisher before the link connects.
   * @param options Overrides of the link's defaults.
   */
  constructor(
    prepare: (publisher: MemoryPublisher) => void = () => {},
    options: Partial<Protocol1LinkOptions> = {},
  ) {
    prepare(this.publisher);
    const { clock, log } = this;
    const { connect } = this.publisher;
    this.link = new Protocol1Link({ connect, clock, log, ...options });
    this.running = this.link.run(this.stop.signal);
  }

  /** Submits events, and runs everything that needs no time to pass. */
  async submitAll(events: readonly BanEvent[]): Promise<void> {
    for (const event of events) await this.link.submit(event, this.stop.signal);
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}
