/**
 * What a monitor found -> what it reports: not the cluster's own doing, nothing
 * protected, and with the time that a ban holds.
 *
 * @module
 */

import type { BanExpiry } from "./ban_expiry.ts";
import { EchoFilter } from "./echo_filter.ts";
import type { HostName } from "../base/host_name.ts";
import type { Detection } from "./restart_filter.ts";
import { timeOfLine } from "../fail2ban/line_time.ts";
import type { Clock } from "../async/clock.ts";
import type { DetectionOracle } from "../fail2ban/ports.ts";
import type { EchoOracle } from "../enforce/enforcer.ts";
import type { Log } from "../log/log.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import { ReportLog } from "./report_log.ts";
import type { ReportLink } from "./report_link.ts";

/** What a reporter is made of. */
export interface ReporterOptions {
  /** The way to the publisher. */
  readonly link: ReportLink;
  /** Until when bans hold; asked where the link carries times. */
  readonly ends?: BanExpiry | undefined;
  /** What this host's subscriber applied; by default nothing. */
  readonly echoes?: EchoOracle;
  /** What this host's fail2ban decided itself; by default nobody knows. */
  readonly detections?: DetectionOracle;
  /** Time. */
  readonly clock: Clock;
  /** Where to tell. */
  readonly log: Log;
  /** This node's name. */
  readonly hostName: HostName;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** Read and log only: report nothing, store nothing. */
  readonly dryRun: boolean;
}

/** What a reporter has done so far. */
export interface ReporterCounters {
  /** Bans and unbans handed to the link. */
  reported: number;
  /** Bans of protected addresses, left out. */
  refused: number;
  /** Bans and unbans that were the cluster's own doing, left out. */
  echoes: number;
}

/** What is to be reported. */
export interface DetectionReport extends Detection {
  /** Its line; empty where there is none any more. */
  readonly line: string;
  /** When the ban ends, where that is known, in milliseconds since 1970. */
  readonly expiresMs?: number | undefined;
}

/** Reports what was found. */
export class Reporter {
  /** How long lines were not read on since something was waited for, in milliseconds. */
  blockedMs = 0;
  readonly #options: ReporterOptions;
  readonly #troubleLog: Log;
  readonly #counters: ReporterCounters;
  readonly #echoes: EchoFilter | undefined;
  readonly #notes: ReportLog;

  /**
   * @param options What the reporter is made of.
   * @param complaints Where to tell what may come without end.
   * @param counters Where to count.
   */
  constructor(
    options: ReporterOptions,
    troubleLog: Log,
    counters: ReporterCounters,
  ) {
    this.#options = options;
    this.#troubleLog = troubleLog;
    this.#counters = counters;
    const { log, echoes, detections } = options;
    this.#notes = new ReportLog(log);
    this.#echoes = echoes && new EchoFilter(echoes, { detections });
  }

  /**
   * Reports an event, unless it must not be; waits while the link is full.
   * {@link Reporter.flush} has to follow once no more are at hand.
   *
   * @param event The event.
   * @param signal Ends the waits.
   */
  async report(event: DetectionReport, signal: AbortSignal): Promise<void> {
    const { protection, log, dryRun } = this.#options;
    const { jail, address } = event;
    if (this.#isEcho(event)) {
      this.#counters.echoes++;
      log.record("debug", `own ${event.kind} not reported`, { jail, address });
      return;
    }
    const refused = event.kind === "ban"
      ? refusal(address, protection())
      : undefined;
    if (refused !== undefined) {
      this.#counters.refused++;
      this.#troubleLog.record("warning", "protected address not reported", {
        jail,
        address,
        rule: refused.rule,
        because: refused.because,
      });
      return;
    }
    if (dryRun) {
      log.record("notice", `would report ${event.kind}`, { jail, address });
      return;
    }
    await this.#submit(event, signal);
    this.#counters.reported++;
    this.#notes.add(event.kind, event);
  }

  /** Tells the log what was reported since it was told last. */
  flush(): void {
    this.#notes.flush();
  }

  #isEcho({ kind, jail, address, line }: DetectionReport): boolean {
    const atMs = line === ""
      ? undefined
      : timeOfLine(line, this.#options.clock.nowMs());
    return this.#echoes?.isEcho({ kind, jail, address, atMs }) === true;
  }

  async #submit(event: DetectionReport, signal: AbortSignal): Promise<void> {
    const { hostName: origin, link, clock, ends } = this.#options;
    const { kind, jail, address, id, line } = event;
    const sinceMs = clock.monotonicMs();
    const isTimed = kind === "ban" && link.carriesTimes;
    const expiresMs = event.expiresMs ??
      (isTimed ? await ends?.endOf(event, line, signal) : undefined) ??
      Infinity;
    await link.submit({ kind, origin, jail, address, id, expiresMs }, signal);
    this.blockedMs += clock.monotonicMs() - sinceMs;
  }
}
