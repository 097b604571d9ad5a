/**
 * A monitor with in-memory dependencies.
 *
 * @module
 */

import { Monitor, type MonitorOptions } from "../../../lib/monitor/monitor.ts";
import {
  Protocol1Link,
  type Protocol1LinkOptions,
} from "../../../lib/monitor/protocol1_link.ts";
import { host } from "../values/core_values.ts";
import { logOf } from "../fail2ban/fail2ban_log.ts";
import {
  MemoryLines,
  MemoryOracle,
  MemoryPositions,
} from "../memory/fake_ports.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryLog } from "../memory/memory_log.ts";
import { MemoryPublisher } from "../memory/memory_publisher.ts";

/** How long the monitor of a bench holds an unban. */
export const HOLD_MS = 30_000;

/** A running monitor with a real link to a publisher in memory. */
export class MonitorBench implements AsyncDisposable {
  readonly publisher = new MemoryPublisher();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly lines = new MemoryLines();
  readonly positions = new MemoryPositions();
  readonly oracle = new MemoryOracle();
  readonly link: Protocol1Link;
  readonly monitor: Monitor;
  readonly running: Promise<void>;
  readonly #stop = new AbortController();
  #stopped = false;

  /**
   * @param options Overrides of the monitor's options.
   * @param linkOptions Overrides of its link's options.
   */
  constructor(
    options: Partial<MonitorOptions> = {},
    linkOptions: Partial<Protocol1LinkOptions> = {},
  ) {
    const { clock, log, lines, positions, oracle } = this;
    const { connect } = this.publisher;
    this.link = new Protocol1Link({ connect, clock, log, ...linkOptions });
    this.monitor = new Monitor({
      ...{ lines, positions, oracle, clock, log, link: this.link },
      hostName: host("web-1"),
      logFormat: "file",
      unbanHoldMs: HOLD_MS,
      protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
      dryRun: false,
      ...options,
    });
    this.running = this.monitor.run(this.#stop.signal).finally(() => {
      this.#stopped = true;
    });
    // A test that expects a failure awaits it later.
    this.running.catch(() => {});
  }

  /** Whether the monitor has ended. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /**
   * Writes an episode to the log, and runs everything that needs no time to
   * pass.
   *
   * @returns The end position in bytes.
   */
  async read(episode: string): Promise<number> {
    const endBytes = this.lines.give(logOf(episode));
    await settled();
    return endBytes;
  }

  /** Stops the monitor, and runs everything that needs no time to pass. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.clock.advance(1_000);
    await this.running.catch(() => {});
  }
}
