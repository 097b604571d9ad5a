/**
 * The metrics of monitor and subscriber, from their state.
 *
 * @module
 */

import type { EnforcedActionCounters } from "../enforce/enforcement_report.ts";
import type { ActionStanding } from "../enforce/enforcer.ts";
import type { MonitorCounters } from "../monitor/monitor.ts";
import { asNumber, type Sample, sample } from "./sample.ts";

/** The state of a monitor. */
export interface MonitorFacts {
  readonly counters: Readonly<MonitorCounters>;
  readonly unacknowledged: number;
  /** Age of the oldest report without an answer; `null`: there is none. */
  readonly oldestAgoMs: number | null;
  /** `null`: no line was read since the start. */
  readonly logReadAgoMs: number | null;
  readonly isLogUnderstood: boolean;
  readonly missingFiles: number;
  readonly assumedTimes: number;
  readonly publisherAnswers: boolean;
  /** Start of the program, and the present time, by the system's clock. */
  readonly startedMs: number;
  readonly nowMs: number;
}

/** The state of a subscriber. */
export interface SubscriberFacts {
  readonly isFollowing: boolean;
  readonly gaps: number;
  readonly snapshots: number;
  readonly actions: readonly ActionFacts[];
}

/** The state of an action that keeps bans in force. */
export interface ActionFacts {
  readonly standing: ActionStanding;
  readonly counters: Readonly<EnforcedActionCounters>;
}

/** The current values of a monitor. */
export function* monitorSamples(facts: MonitorFacts): Generator<Sample> {
  const { counters, logReadAgoMs, nowMs, startedMs } = facts;
  const outcomes = {
    reported: counters.reported,
    protected: counters.refused,
    ignored: counters.ignored,
    echo: counters.echoes,
    expired: counters.over,
    unshareable: counters.unshareable,
  };
  for (const [outcome, count] of Object.entries(outcomes)) {
    yield sample("f2bc_monitor_events_total", count, { outcome });
  }
  yield sample("f2bc_monitor_unacknowledged", facts.unacknowledged);
  yield sample(
    "f2bc_monitor_oldest_unacknowledged_seconds",
    (facts.oldestAgoMs ?? 0) / 1_000,
  );
  const readMs = logReadAgoMs === null ? startedMs : nowMs - logReadAgoMs;
  yield sample("f2bc_monitor_log_read_timestamp_seconds", readMs / 1_000);
  const isUnderstood = asNumber(facts.isLogUnderstood);
  yield sample("f2bc_monitor_log_understood", isUnderstood);
  yield sample("f2bc_monitor_log_missing_files_total", facts.missingFiles);
  yield sample("f2bc_monitor_assumed_times_total", facts.assumedTimes);
  const isUp = asNumber(facts.publisherAnswers);
  yield sample("f2bc_monitor_publisher_up", isUp);
}

/** The current values of a subscriber. */
export function* subscriberSamples(facts: SubscriberFacts): Generator<Sample> {
  yield sample("f2bc_subscriber_following", asNumber(facts.isFollowing));
  yield sample("f2bc_subscriber_gaps_total", facts.gaps);
  yield sample("f2bc_subscriber_snapshots_total", facts.snapshots);
  for (const { standing, counters } of facts.actions) {
    const { name: action, wanted, inForce, failing, refused } = standing;
    const states = { wanted, "in_force": inForce, failing, refused };
    for (const [state, count] of Object.entries(states)) {
      yield sample("f2bc_subscriber_bans", count, { action, state });
    }
    const failures = counters.failures;
    yield sample("f2bc_subscriber_action_failures_total", failures, { action });
    for (const kind of ["missing", "surplus"] as const) {
      const count = counters[kind];
      yield sample("f2bc_subscriber_drift_total", count, { action, kind });
    }
  }
}
