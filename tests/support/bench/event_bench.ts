/**
 * A link of protocol 2 with in-memory dependencies.
 *
 * @module
 */

import type { EventId } from "../../../lib/base/ids.ts";
import { BYE_MS } from "../../../lib/client/farewell.ts";
import type { ControlClientOptions } from "../../../lib/client/client_options.ts";
import { ControlClient } from "../../../lib/client/control_client.ts";
import {
  Protocol2Link,
  type Protocol2LinkOptions,
} from "../../../lib/monitor/protocol2_link.ts";
import type { Report, ReportOfBan } from "../../../lib/monitor/report_link.ts";
import {
  banEvent,
  banEvents,
  host,
  IDLE_MONITOR,
  PLACE,
} from "../values/core_values.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryControl } from "../memory/memory_control.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/**
 * Reports written as in protocol 1, each with an id that shows its position.
 */
export function reportsOf(
  texts: readonly string[],
  expiresMs = Infinity,
): Report[] {
  return texts.map((text, index) => {
    const { kind, ...about } = banEvent(text);
    const id = `event-${String(index).padStart(16, "0")}` as EventId;
    return kind === "ban"
      ? { kind, ...about, id, expiresMs }
      : { kind, ...about, id, why: "lifted" };
  });
}

/** The given number of different bans that never end. */
export function banReports(
  count: number,
  expiresMs = Infinity,
): ReportOfBan[] {
  return banEvents(count).map((event, index) => ({
    ...event,
    kind: "ban",
    id: `event-${String(index).padStart(16, "0")}` as EventId,
    expiresMs,
  }));
}

/** A running link to a publisher in memory. */
export class EventBench implements AsyncDisposable {
  readonly publisher = new MemoryControl();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly session: ControlClient;
  readonly link: Protocol2Link;
  readonly running: Promise<void>;

  /**
   * @param prepare Prepares the publisher before the link connects.
   * @param options Overrides of the link's defaults.
   * @param sessionOptions Overrides of the session's defaults.
   */
  constructor(
    prepare: (publisher: MemoryControl) => void = () => {},
    options: Partial<Protocol2LinkOptions> = {},
    sessionOptions: Partial<ControlClientOptions> = {},
  ) {
    prepare(this.publisher);
    const { clock, log } = this;
    this.session = new ControlClient({
      ...{ clock, log, connect: this.publisher.connect },
      node: host("web-1"),
      role: "monitor",
      token: () => "a-token",
      version: "1.2.3",
      place: PLACE,
      condition: () => IDLE_MONITOR,
      ...sessionOptions,
    });
    this.link = new Protocol2Link({
      session: this.session,
      clock,
      log,
      ...options,
    });
    this.running = this.link.run(this.stop.signal);
    // A test that expects a failure awaits it later.
    this.running.catch(() => {});
  }

  /** Submits reports, and runs everything that needs no time to pass. */
  async submitAll(reports: readonly Report[]): Promise<void> {
    for (const report of reports) {
      await this.link.submit(report, this.stop.signal);
    }
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.clock.advance(BYE_MS);
    await this.running.catch(() => {});
  }
}
