/**
 * All metrics of the programs: the single source for scraping, for the table in
 * `docs/METRICS.md`, and for the test of dashboard and alert rules.
 *
 * Times are in seconds, sizes in bytes. An address is never a label, and labels
 * that an attacker may choose are limited in number.
 *
 * @see {@link https://prometheus.io/docs/practices/naming/ | Prometheus, Metric and label naming}
 * @module
 */

/** A program that has metrics. */
export type MetricProgram = "publisher" | "monitor" | "subscriber";

/** A metric. */
export interface MetricSpec {
  readonly type: "gauge" | "counter" | "histogram";
  /** Its meaning in one sentence. */
  readonly help: string;
  readonly labels: readonly string[];
  readonly programs: readonly MetricProgram[];
  /** Upper limits of a histogram's buckets, in seconds. */
  readonly buckets?: readonly number[];
}

const ALL = ["publisher", "monitor", "subscriber"] as const;
const HUB = ["publisher"] as const;
const MONITOR = ["monitor"] as const;
const SUBSCRIBER = ["subscriber"] as const;

/** Every metric by its name. */
export const METRICS = {
  f2bc_build_info: {
    type: "gauge",
    help: "The program that runs here; always 1.",
    labels: ["program", "version"],
    programs: ALL,
  },
  f2bc_healthy: {
    type: "gauge",
    help: "1 while /healthz is 200, else 0.",
    labels: [],
    programs: ALL,
  },
  f2bc_log_lost_total: {
    type: "counter",
    help: "Lines of the program's own log that could not be written.",
    labels: [],
    programs: ALL,
  },
  f2bc_notify_total: {
    type: "counter",
    help:
      "Requests to heartbeaturl and webhookurl (to: heartbeat, webhook), by what came of them: ok, failed.",
    labels: ["to", "outcome"],
    programs: ALL,
  },
  f2bc_webhook_events_lost_total: {
    type: "counter",
    help:
      "Events that the webhook's receiver was not told: too many waited, or it would not have them.",
    labels: [],
    programs: ALL,
  },
  process_resident_memory_bytes: {
    type: "gauge",
    help: "Memory that the process has in RAM.",
    labels: [],
    programs: ALL,
  },
  process_cpu_seconds_total: {
    type: "counter",
    help: "Time that the processors worked for the process.",
    labels: [],
    programs: ALL,
  },
  process_start_time_seconds: {
    type: "gauge",
    help: "When the process began, in seconds since 1970.",
    labels: [],
    programs: ALL,
  },
  f2bc_publisher_bans: {
    type: "gauge",
    help: "Bans that count, by the jail that decided.",
    labels: ["jail", "family"],
    programs: HUB,
  },
  f2bc_publisher_quorum_pending: {
    type: "gauge",
    help: "Bans that wait for their quorum.",
    labels: ["jail"],
    programs: HUB,
  },
  f2bc_publisher_reports: {
    type: "gauge",
    help: "Reports of a node that stand.",
    labels: ["node"],
    programs: HUB,
  },
  f2bc_publisher_seq: {
    type: "gauge",
    help: "Number of the last change.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_epoch_info: {
    type: "gauge",
    help: "The epoch of the publisher's store; always 1.",
    labels: ["epoch"],
    programs: HUB,
  },
  f2bc_publisher_events_total: {
    type: "counter",
    help: "Events that nodes reported, by what became of them.",
    labels: ["node", "outcome"],
    programs: HUB,
  },
  f2bc_publisher_refused_total: {
    type: "counter",
    help: "Reports that were refused, by the rule that refused them.",
    labels: ["node", "rule"],
    programs: HUB,
  },
  f2bc_publisher_lifted_total: {
    type: "counter",
    help:
      "Bans that ended, by what ended them: end, withdraw, node, operator, allowlist.",
    labels: ["by"],
    programs: HUB,
  },
  f2bc_publisher_commit_duration_seconds: {
    type: "histogram",
    help: "How long a batch of changes took to reach the disk.",
    labels: [],
    programs: HUB,
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  },
  f2bc_publisher_applied_delay_seconds: {
    type: "histogram",
    help:
      "From a ban that was stored to a node that has it in force, for bans of the last minute.",
    labels: ["node"],
    programs: HUB,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60],
  },
  f2bc_publisher_store_failures_total: {
    type: "counter",
    help: "Events that could not be stored, and were not acknowledged.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_store_bytes: {
    type: "gauge",
    help: "Size of the store's files.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_term: {
    type: "gauge",
    help:
      "Of several publishers: how many takeovers there were, this one's the last. Only the active one is scraped.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_engine_up: {
    type: "gauge",
    help: "Of several publishers: 1 while the engine answers, else 0.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_snapshot_lag_records: {
    type: "gauge",
    help:
      "Of several publishers: records of the shared log since the last snapshot; a host that is new needs so many.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_waiting: {
    type: "gauge",
    help: "Events that wait to be stored.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_connections: {
    type: "gauge",
    help: "Connections that a port has now.",
    labels: ["port"],
    programs: HUB,
  },
  f2bc_publisher_connections_refused_total: {
    type: "counter",
    help:
      "Connections that a port turned away or cut: no room, too much said, nothing taken.",
    labels: ["port", "why"],
    programs: HUB,
  },
  f2bc_publisher_backup_timestamp_seconds: {
    type: "gauge",
    help: "When the publisher was last backed up, in seconds since 1970.",
    labels: [],
    programs: HUB,
  },
  f2bc_publisher_node_lag_changes: {
    type: "gauge",
    help: "How many changes a subscriber's copy lacks.",
    labels: ["node"],
    programs: HUB,
  },
  f2bc_node_last_seen_timestamp_seconds: {
    type: "gauge",
    help:
      "When a node's program was last heard, in seconds since 1970: of its roles the one that was heard longest ago, without those that said BYE.",
    labels: ["node"],
    programs: HUB,
  },
  f2bc_node_set_aside: {
    type: "gauge",
    help: "1 while a node's reports are set aside, else 0.",
    labels: ["node"],
    programs: HUB,
  },
  f2bc_node_info: {
    type: "gauge",
    help: "How a member is (ok, silent, away, never, aside); always 1.",
    labels: ["node", "state", "version"],
    programs: HUB,
  },
  f2bc_publisher_list_requests_total: {
    type: "counter",
    help: "Answers to requests for lists, by the status of HTTP.",
    labels: ["list", "code"],
    programs: HUB,
  },
  f2bc_import_entries: {
    type: "gauge",
    help: "Entries of an imported list.",
    labels: ["list"],
    programs: HUB,
  },
  f2bc_import_timestamp_seconds: {
    type: "gauge",
    help: "When a list was imported last, in seconds since 1970.",
    labels: ["list"],
    programs: HUB,
  },
  f2bc_operator_actions_total: {
    type: "counter",
    help:
      "What operators did, by the word in the audit, and on the page or not.",
    labels: ["verb", "by"],
    programs: HUB,
  },
  f2bc_monitor_events_total: {
    type: "counter",
    help:
      "Lines of fail2ban that tell of a ban or an unban, by what became of them: reported, protected, ignored, echo, expired, unshareable.",
    labels: ["outcome"],
    programs: MONITOR,
  },
  f2bc_monitor_unacknowledged: {
    type: "gauge",
    help: "Reports that the publisher has not acknowledged yet.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_oldest_unacknowledged_seconds: {
    type: "gauge",
    help:
      "Age of the oldest report without an acknowledgement; 0: there is none.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_log_read_timestamp_seconds: {
    type: "gauge",
    help:
      "When a line of fail2ban's log was last read, in seconds since 1970; the program's start, until there is one.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_log_understood: {
    type: "gauge",
    help: "1 while the log's lines begin as logformat says, else 0.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_log_missing_files_total: {
    type: "counter",
    help: "Rotated files of the log that were gone before they were read.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_assumed_times_total: {
    type: "counter",
    help: "Bans whose end fail2ban did not tell, so that bantime was assumed.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_monitor_publisher_up: {
    type: "gauge",
    help: "1 while the publisher answers, else 0.",
    labels: [],
    programs: MONITOR,
  },
  f2bc_subscriber_following: {
    type: "gauge",
    help: "1 while the copy follows the publisher's changes, else 0.",
    labels: [],
    programs: SUBSCRIBER,
  },
  f2bc_subscriber_bans: {
    type: "gauge",
    help:
      "Bans of an action: wanted, in_force, failing (tried again), refused (by a rule of this host).",
    labels: ["action", "state"],
    programs: SUBSCRIBER,
  },
  f2bc_subscriber_action_duration_seconds: {
    type: "histogram",
    help: "How long one call took that applied or lifted bans.",
    labels: ["action"],
    programs: SUBSCRIBER,
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30],
  },
  f2bc_subscriber_action_failures_total: {
    type: "counter",
    help: "Bans that could not be applied or lifted, each time.",
    labels: ["action"],
    programs: SUBSCRIBER,
  },
  f2bc_subscriber_drift_total: {
    type: "counter",
    help:
      "Bans that somebody else had taken out of force (missing), or that nobody wanted (surplus).",
    labels: ["action", "kind"],
    programs: SUBSCRIBER,
  },
  f2bc_subscriber_gaps_total: {
    type: "counter",
    help: "Times that changes were missed, and asked for.",
    labels: [],
    programs: SUBSCRIBER,
  },
  f2bc_subscriber_snapshots_total: {
    type: "counter",
    help: "Whole tables taken over from the publisher.",
    labels: [],
    programs: SUBSCRIBER,
  },
} as const satisfies Readonly<Record<string, MetricSpec>>;

/** A metric's name. */
export type MetricName = keyof typeof METRICS;

/** The labels of a metric, with their values. */
export type LabelsOf<N extends MetricName> = Readonly<
  Record<(typeof METRICS)[N]["labels"][number], string>
>;

type NamesOf<T extends MetricSpec["type"]> = {
  [N in MetricName]: (typeof METRICS)[N]["type"] extends T ? N : never;
}[MetricName];

/** Metrics whose values are read at each scrape. */
export type ScrapedName = NamesOf<"gauge" | "counter">;
/** Metrics that record each duration. */
export type HistogramName = NamesOf<"histogram">;

/** Every name, in the table's order. */
export const METRIC_NAMES = Object.keys(METRICS).filter(isMetricName);

/** The specification of a metric. */
export function specOf(name: MetricName): MetricSpec {
  return METRICS[name];
}

/** Whether the value of a metric is read at each scrape. */
export function isScraped(name: MetricName): name is ScrapedName {
  return METRICS[name].type !== "histogram";
}

/** Whether a metric has that name. */
export function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name);
}
