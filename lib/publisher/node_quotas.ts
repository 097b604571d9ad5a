/**
 * Limits of each node: its rate, and whether its reports are set aside.
 *
 * Keeps a small record for each member that ever connected.
 *
 * @module
 */

import { BusyError } from "../ban/ban_hub.ts";
import type { TaskSet } from "../async/task_set.ts";
import {
  type BadKind,
  type BreakerEvent,
  type BreakerState,
  breakerStep,
  CLOSED,
} from "../members/breaker.ts";
import { RuntimeError } from "../base/errors.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import type { Member } from "../members/member.ts";
import {
  eventRate,
  messageRate,
  type NodeLimits,
} from "../members/node_limits.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { NodeRecords, Quarantine } from "../members/node_records.ts";
import { type Bucket, spend, tokensAt } from "../members/token_bucket.ts";

/** Options for {@link NodeQuotas}. */
export interface NodeQuotasOptions {
  readonly limits: NodeLimits;
  /** Stores which nodes are set aside. */
  readonly records:
    & Pick<NodeRecords, "keepQuarantine" | "dropQuarantine" | "quarantines">
    & Pick<NodeRecords, "keepAudit">;
  readonly clock: Clock;
  readonly log: Log;
  /** Owns the tasks that store quarantines. */
  readonly tasks: TaskSet;
  /** Called with a flooding node, whose connections must be cut. */
  readonly onSuspend: (node: HostName) => void;
}

/** The node's reports are set aside; nothing was taken. */
export class QuarantinedError extends Error {
  /** See {@link Error}. */
  override readonly name = "QuarantinedError";
}

/** Results of a node's events since the program started. */
export interface NodeCounts {
  readonly accepted: number;
  readonly known: number;
  readonly refused: number;
}

/** Limits and counts of a node. */
export interface NodeQuotaState extends NodeCounts {
  /** Events that it may report at once now. */
  readonly room: number;
  /** Its long-term rate, in events a second. */
  readonly maxPerSecond: number;
  /** `undefined` when it is not set aside. */
  readonly aside: Quarantine | undefined;
}

interface NodeState {
  events: Bucket | undefined;
  messages: Bucket | undefined;
  breaker: BreakerState;
  aside: Quarantine | undefined;
  counts: NodeCounts;
}

/** Operator name in the audit for the publisher's own actions. */
export const PUBLISHER_ITSELF = "publisher";

const NO_COUNTS: NodeCounts = { accepted: 0, known: 0, refused: 0 };

/** Enforces the nodes' limits. */
export class NodeQuotas {
  readonly #options: NodeQuotasOptions;
  readonly #nodes = new Map<HostName, NodeState>();

  /**
   * @param options See {@link NodeQuotasOptions}.
   * @throws {RuntimeError} when the quarantines can't be read.
   */
  constructor(options: NodeQuotasOptions) {
    this.#options = options;
    for (const aside of options.records.quarantines()) {
      const { reason, count } = aside;
      const quota = this.#of(aside.node);
      quota.breaker = { ...CLOSED, open: { reason, count } };
      quota.aside = aside;
    }
  }

  /** Number of nodes that are set aside. */
  get quarantined(): number {
    return [...this.#nodes.values()].filter(({ aside }) => aside !== undefined)
      .length;
  }

  /** Whether a node's reports are set aside. */
  isAside(node: HostName): boolean {
    return this.#nodes.get(canonicalHost(node))?.aside !== undefined;
  }

  /** Whether a node may not even connect. */
  isSuspended(node: HostName): boolean {
    return this.#nodes.get(canonicalHost(node))?.aside?.reason === "flood";
  }

  /**
   * Whether to process a message of a node. Suspends a node that sends far too
   * many.
   *
   * @param member The node.
   * @param cost The message's cost, in plain messages.
   */
  takesMessage({ name, rights }: Member, cost = 1): boolean {
    const quota = this.#of(name);
    if (quota.aside?.reason === "flood") return false;
    const rate = messageRate(this.#rateOf(rights.maxPerSecond));
    const nowMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(quota.messages, rate, cost, nowMs);
    quota.messages = bucket;
    if (!isTaken) this.#step(name, { kind: "trip", why: "flood" });
    return isTaken;
  }

  /**
   * Spends a node's rate on events.
   *
   * @throws {QuarantinedError} when its reports are set aside.
   * @throws {BusyError} when it must wait.
   */
  spendEvents({ name, rights }: Member, count: number): void {
    const quota = this.#of(name);
    if (quota.aside !== undefined) {
      throw new QuarantinedError(`${name} is set aside`);
    }
    const rate = eventRate(this.#rateOf(rights.maxPerSecond));
    const nowMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(quota.events, rate, count, nowMs);
    quota.events = bucket;
    if (!isTaken) throw new BusyError(`${name} reports faster than it may`);
  }

  /** Counts bad events or messages of a node. */
  noteBad(node: HostName, why: BadKind, count = 1): void {
    this.#step(node, { kind: "bad", why, count });
  }

  /** Counts the results of events. */
  noteResults(node: HostName, outcomes: readonly (keyof NodeCounts)[]): void {
    const quota = this.#of(node);
    const counts = { ...quota.counts };
    for (const outcome of outcomes) counts[outcome]++;
    quota.counts = counts;
  }

  /**
   * Accepts a node's reports again.
   *
   * @returns Whether it was set aside.
   * @throws {RuntimeError} when the change can't be stored; the node is then
   * still set aside.
   */
  async release(node: HostName): Promise<boolean> {
    const { records, log } = this.#options;
    const quota = this.#of(node);
    if (quota.aside === undefined) return false;
    await records.dropQuarantine(canonicalHost(node));
    quota.aside = undefined;
    quota.breaker = CLOSED;
    quota.messages = undefined;
    log.record("notice", "reports of a node are taken again", { node });
    return true;
  }

  /** The current limits and counts of a member. */
  live({ name, rights }: Member): NodeQuotaState {
    const { events, counts, aside } = this.#of(name);
    const maxPerSecond = this.#rateOf(rights.maxPerSecond);
    const nowMs = this.#options.clock.monotonicMs();
    const tokens = tokensAt(events, eventRate(maxPerSecond), nowMs);
    const room = Math.max(0, Math.floor(tokens));
    return { ...counts, room, maxPerSecond, aside };
  }

  #rateOf(own: number | null): number {
    return own ?? this.#options.limits.maxPerSecond;
  }

  #of(node: HostName): NodeState {
    const name = canonicalHost(node);
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const quota: NodeState = {
      events: undefined,
      messages: undefined,
      breaker: CLOSED,
      aside: undefined,
      counts: NO_COUNTS,
    };
    this.#nodes.set(name, quota);
    return quota;
  }

  #step(node: HostName, event: BreakerEvent): void {
    const { clock, limits: { breaker: limit } } = this.#options;
    const quota = this.#of(node);
    const nowMs = clock.monotonicMs();
    const step = breakerStep(quota.breaker, event, nowMs, limit);
    quota.breaker = step.state;
    for (const effect of step.effects) {
      if (effect.kind !== "opened") continue;
      const { reason, count } = effect;
      const sinceMs = Math.round(clock.nowMs());
      quota.aside = { node: canonicalHost(node), sinceMs, reason, count };
      this.#setAside(node, quota.aside);
    }
  }

  #setAside(node: HostName, aside: Quarantine): void {
    const { log, onSuspend, tasks } = this.#options;
    const { reason, count } = aside;
    log.record("error", "reports of a node are set aside", {
      node,
      reason,
      count,
      hint: `fail2ban-cluster node release ${node}`,
    });
    if (reason === "flood") onSuspend(node);
    tasks.add(() => this.#keepQuarantine(node, aside));
  }

  async #keepQuarantine(node: HostName, aside: Quarantine): Promise<void> {
    const { records, log } = this.#options;
    const { reason, count, sinceMs } = aside;
    try {
      await records.keepQuarantine(aside);
      await records.keepAudit([{
        atMs: sinceMs,
        by: PUBLISHER_ITSELF,
        action: "set aside",
        subject: node,
        detail: `${reason}, ${count} bad ones`,
      }]);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      log.record("error", "that a node is set aside can't be kept", {
        node,
        reason: error.message,
      });
    }
  }
}
