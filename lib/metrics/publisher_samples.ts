/**
 * The metrics of the publisher, from its state.
 *
 * @module
 */

import type { BanHubCounters } from "../ban/ban_hub.ts";
import type { StoredImport } from "../ban/import_records.ts";
import type { Epoch } from "../base/ids.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import { OTHER } from "./labelled_counts.ts";
import type { LabelledCounts } from "./labelled_counts.ts";
import type { PublisherTally } from "./publisher_tally.ts";
import { asNumber, type Sample, sample } from "./sample.ts";

/** The state of the publisher. */
export interface PublisherFacts {
  readonly tally: PublisherTally;
  readonly seq: number;
  readonly epoch: Epoch;
  /** Number of events that wait to be stored. */
  readonly waiting: number;
  readonly counters: Readonly<BanHubCounters>;
  readonly nodes: readonly LiveNode[];
  readonly imports: readonly StoredImport[];
  readonly ports: readonly PortFacts[];
  /**
   * Answers to requests for lists, by list and status; `undefined`: there are
   * none.
   */
  readonly listAnswers: LabelledCounts<"list" | "code"> | undefined;
  readonly storeBytes: number;
  /** State of the engine; `undefined`: there is a single publisher. */
  readonly engine: EngineFacts | undefined;
  /**
   * Time of the last backup in milliseconds since 1970, by the system's clock;
   * `undefined`: there was none.
   */
  readonly lastBackupMs: number | undefined;
  /** The present time by the system's clock. */
  readonly nowMs: number;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: number;
}

/** The state of the active one of several publishers. */
export interface EngineFacts {
  readonly term: number;
  readonly engineAnswers: boolean;
  /** Records of the shared log since the last snapshot. */
  readonly snapshotLag: number;
}

/** A public port. */
export interface PortFacts {
  readonly port: string;
  readonly open: number;
  /** Connections that were turned away or cut, by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Maximum number of jails with counts of their own. */
const MAX_JAILS = 200;
const OUTCOMES = ["accepted", "known", "refused"] as const;

/** The current values. */
export function* publisherSamples(facts: PublisherFacts): Generator<Sample> {
  const { tally, counters, lastBackupMs } = facts;
  yield sample("f2bc_publisher_seq", facts.seq);
  yield sample("f2bc_publisher_epoch_info", 1, { epoch: facts.epoch });
  yield sample("f2bc_publisher_waiting", facts.waiting);
  yield sample("f2bc_publisher_store_failures_total", counters.unkept);
  yield sample("f2bc_publisher_store_bytes", facts.storeBytes);
  if (lastBackupMs !== undefined) {
    const name = "f2bc_publisher_backup_timestamp_seconds";
    yield sample(name, lastBackupMs / 1_000);
  }
  if (facts.engine !== undefined) {
    const { term, engineAnswers, snapshotLag } = facts.engine;
    yield sample("f2bc_publisher_term", term);
    yield sample("f2bc_publisher_engine_up", asNumber(engineAnswers));
    yield sample("f2bc_publisher_snapshot_lag_records", snapshotLag);
  }
  yield* jailSamples(tally);
  yield* counted("f2bc_publisher_refused_total", tally.refused);
  yield* counted("f2bc_publisher_lifted_total", tally.lifted);
  yield* counted("f2bc_operator_actions_total", tally.deeds);
  if (facts.listAnswers !== undefined) {
    yield* counted("f2bc_publisher_list_requests_total", facts.listAnswers);
  }
  for (const node of facts.nodes) yield* nodeSamples(node, facts.nowMs);
  for (const port of facts.ports) yield* portSamples(port);
  for (const { name: list, entries, atMs } of facts.imports) {
    const imported = (atMs + facts.aheadMs) / 1_000;
    yield sample("f2bc_import_entries", entries, { list });
    yield sample("f2bc_import_timestamp_seconds", imported, { list });
  }
}

function* jailSamples({ jails }: PublisherTally): Generator<Sample> {
  for (const [name, { ipv4, ipv6, pending }] of jails.entries(MAX_JAILS)) {
    const jail = name ?? OTHER;
    if (ipv4 > 0) {
      yield sample("f2bc_publisher_bans", ipv4, { jail, family: "ipv4" });
    }
    if (ipv6 > 0) {
      yield sample("f2bc_publisher_bans", ipv6, { jail, family: "ipv6" });
    }
    if (pending > 0) {
      yield sample("f2bc_publisher_quorum_pending", pending, { jail });
    }
  }
}

function* nodeSamples(live: LiveNode, nowMs: number): Generator<Sample> {
  const { node, state, roles, reports, aside } = live;
  const labels = { node };
  const isAside = asNumber(aside !== null);
  yield sample("f2bc_publisher_reports", reports, labels);
  yield sample("f2bc_node_set_aside", isAside, labels);
  const version = roles.find((role) => role.version !== null)?.version ?? "";
  yield sample("f2bc_node_info", 1, { node, state, version });
  for (const outcome of OUTCOMES) {
    const count = live[outcome];
    yield sample("f2bc_publisher_events_total", count, { node, outcome });
  }
  const there = roles.filter((role) => role.state !== "away");
  const ages = there.flatMap(({ seenAgoMs }) => seenAgoMs ?? []);
  if (ages.length > 0) {
    const seenMs = nowMs - Math.max(...ages);
    const name = "f2bc_node_last_seen_timestamp_seconds";
    yield sample(name, seenMs / 1_000, labels);
  }
  for (const { lag } of there) {
    if (lag === null) continue;
    yield sample("f2bc_publisher_node_lag_changes", lag, labels);
  }
}

function* portSamples(
  { port, open, refused }: PortFacts,
): Generator<Sample> {
  yield sample("f2bc_publisher_connections", open, { port });
  for (const [why, count] of Object.entries(refused)) {
    const name = "f2bc_publisher_connections_refused_total";
    yield sample(name, count, { port, why });
  }
}

function* counted<
  N extends
    | "f2bc_publisher_refused_total"
    | "f2bc_publisher_lifted_total"
    | "f2bc_operator_actions_total"
    | "f2bc_publisher_list_requests_total",
>(name: N, counts: LabelledCounts<string>): Generator<Sample> {
  for (const [labels, count] of counts.entries()) {
    yield { name, value: count, labels };
  }
}
