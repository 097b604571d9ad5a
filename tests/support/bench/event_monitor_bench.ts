/**
 * A monitor with protocol 2 and in-memory dependencies.
 *
 * @module
 */

import { BanExpiry } from "../../../lib/monitor/ban_expiry.ts";
import type { NodeEvent } from "../../../lib/wire/v2_messages.ts";
import { ControlClient } from "../../../lib/client/control_client.ts";
import { Protocol2Link } from "../../../lib/monitor/protocol2_link.ts";
import { ExistingBans } from "../../../lib/monitor/existing_bans.ts";
import { JailBanTimes } from "../../../lib/fail2ban/jail_ban_times.ts";
import { Fail2banInfo } from "../../../lib/fail2ban/fail2ban_info.ts";
import { Monitor, type MonitorOptions } from "../../../lib/monitor/monitor.ts";
import { host, IDLE_MONITOR, PLACE } from "../values/core_values.ts";
import {
  MemoryLines,
  MemoryOracle,
  MemoryPositions,
} from "../memory/fake_ports.ts";
import { ManualClock, settled } from "../memory/manual_clock.ts";
import { MemoryControl } from "../memory/memory_control.ts";
import { MemoryFail2ban } from "../memory/memory_fail2ban.ts";
import { MemoryLog } from "../memory/memory_log.ts";

/** State that outlives a monitor. */
export class MonitorHost {
  readonly publisher = new MemoryControl();
  readonly clock = new ManualClock();
  readonly fail2ban = new MemoryFail2ban(this.clock);
  readonly positions = new MemoryPositions();
}

/** A running monitor with a real link to a publisher in memory. */
export class EventMonitorBench implements AsyncDisposable {
  readonly host: MonitorHost;
  readonly log = new MemoryLog();
  readonly lines = new MemoryLines();
  readonly oracle = new MemoryOracle();
  readonly link: Protocol2Link;
  readonly monitor: Monitor;
  readonly running: Promise<void>;
  readonly #stop = new AbortController();

  /**
   * @param host The monitor's host.
   * @param imports Whether existing bans must still be reported.
   * @param options Overrides of the monitor's options.
   */
  constructor(
    host_ = new MonitorHost(),
    imports = false,
    options: Partial<MonitorOptions> = {},
  ) {
    this.host = host_;
    const { publisher, clock, positions } = host_;
    const { log, lines, oracle } = this;
    const session = new ControlClient({
      ...{ clock, log, connect: publisher.connect, node: host("web-1") },
      role: "monitor",
      token: () => "",
      version: "1.2.3",
      place: PLACE,
      condition: () => IDLE_MONITOR,
    });
    const fail2ban = new Fail2banInfo(host_.fail2ban, clock);
    const rows = { ticketRow: () => undefined };
    this.link = new Protocol2Link({ session, clock, log });
    this.monitor = new Monitor({
      ...{ lines, positions, oracle, clock, log, link: this.link },
      ends: new BanExpiry({
        rows,
        jails: new JailBanTimes({ fail2ban, clock, log }),
        ...{ clock, log, assumedMs: 3_600_000 },
      }),
      existing: imports
        ? new ExistingBans({ fail2ban, rows, clock, log })
        : undefined,
      hostName: host("web-1"),
      logFormat: "file",
      unbanHoldMs: 30_000,
      protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
      dryRun: false,
      ...options,
    });
    this.running = this.monitor.run(this.#stop.signal);
    // A test that expects a failure awaits it later.
    this.running.catch(() => {});
  }

  /**
   * Adds lines that are read at once, and runs everything that needs no time to
   * pass.
   */
  async read(log: string): Promise<number> {
    const endBytes = this.lines.give(new TextEncoder().encode(log));
    await settled();
    return endBytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.host.clock.advance(1_000);
    await this.running.catch(() => {});
  }
}

/**
 * The publisher's events: `ban sshd 192.0.2.1 600`, with the remaining seconds,
 * or `unban sshd 192.0.2.1 lifted`.
 */
export function countedBy(publisher: MemoryControl): string[] {
  return publisher.counted.map((event) => describeEvent(event));
}

function describeEvent(event: NodeEvent): string {
  const { kind, jail, address } = event;
  if (event.kind === "unban") return `${kind} ${jail} ${address} ${event.why}`;
  const { remainingMs } = event;
  const rest = remainingMs === null
    ? "for ever"
    : Math.round(remainingMs / 1_000);
  return `${kind} ${jail} ${address} ${rest}`;
}
