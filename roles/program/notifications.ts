/**
 * Notifies other hosts of a program's state: heartbeat and webhook.
 *
 * @module
 */

import type { Fault } from "../../lib/metrics/health.ts";
import type { MetricProgram } from "../../lib/metrics/metric_table.ts";
import { type Sample, sample } from "../../lib/metrics/sample.ts";
import { Heartbeat } from "../../lib/notify/heartbeat.ts";
import { FetchAsker } from "../../lib/notify/io/http_asker.ts";
import { StandingChanges } from "../../lib/notify/standing_changes.ts";
import { Webhook } from "../../lib/notify/webhook.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../../lib/service/status_report.ts";
import type { LiveNode } from "../../lib/wire/operator_status.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for {@link Notifications}. */
export interface NotificationsOptions {
  readonly program: MetricProgram;
  readonly version: string;
  readonly context: Pick<
    RoleContext<MetricProgram>,
    "clock" | "config" | "dryRun" | "log"
  >;
  /** Gives the current faults. */
  readonly faults: () => readonly Fault[];
  /** Gives the members' states. @default {none} */
  readonly nodes?: () => readonly LiveNode[];
}

/** Interval between checks for events. */
const LOOK_INTERVAL_MS = 1_000;

/** A program's notifications; a dry run sends none. */
export class Notifications {
  readonly #options: NotificationsOptions;
  readonly #heartbeat: Heartbeat | undefined;
  readonly #webhook: Webhook | undefined;

  /** @param options See {@link NotificationsOptions}. */
  constructor(options: NotificationsOptions) {
    this.#options = options;
    const { program, version, context, faults } = options;
    const { clock, log, dryRun, config: { general, heartbeat } } = context;
    if (dryRun) return;
    const asker = new FetchAsker(clock);
    if (heartbeat !== undefined) {
      this.#heartbeat = new Heartbeat({
        ...{ target: heartbeat, asker, clock, log },
        isHealthy: () => faults().length === 0,
      });
    }
    const node = general.hostName;
    const teller = { node, program: `fail2ban-${program}`, version };
    if (general.webhook !== undefined) {
      this.#webhook = new Webhook({
        ...general.webhook,
        ...{ teller, asker, clock, log },
      });
    }
  }

  /** The tasks to run beside the program. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    const heartbeat = this.#heartbeat;
    const webhook = this.#webhook;
    return [
      ...heartbeat === undefined
        ? []
        : [(signal: AbortSignal) => heartbeat.run(signal)],
      ...webhook === undefined ? [] : [
        (signal: AbortSignal) => webhook.run(signal),
        (signal: AbortSignal) => this.#look(webhook, signal),
      ],
    ];
  }

  /** Notifies of an operator's action. */
  noteDeed(words: string): void {
    this.#webhook?.note({ event: "operator", words });
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    const heartbeat = this.#heartbeat?.counters;
    const webhook = this.#webhook?.counters;
    return {
      ...heartbeat && prefixedFigures("heartbeat", { ...heartbeat }),
      ...webhook && prefixedFigures("webhook", { ...webhook }),
    };
  }

  /** The metrics of the configured notifications. */
  *samples(): Generator<Sample> {
    const counted = {
      heartbeat: this.#heartbeat?.counters,
      webhook: this.#webhook?.counters,
    };
    for (const [to, counters] of Object.entries(counted)) {
      for (const outcome of ["ok", "failed"] as const) {
        if (counters === undefined) continue;
        yield sample("f2bc_notify_total", counters[outcome], { to, outcome });
      }
    }
    const lost = counted.webhook?.lost;
    if (lost !== undefined) {
      yield sample("f2bc_webhook_events_lost_total", lost);
    }
  }

  async #look(webhook: Webhook, signal: AbortSignal): Promise<void> {
    const { faults, nodes, context: { clock } } = this.#options;
    const changes = new StandingChanges();
    webhook.note({ event: "started" });
    while (true) {
      const nowMs = clock.monotonicMs();
      for (const event of changes.look(faults(), nodes?.() ?? [], nowMs)) {
        webhook.note(event);
      }
      await clock.delay(LOOK_INTERVAL_MS, signal);
    }
  }
}
