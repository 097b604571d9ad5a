/**
 * How each node stands with the publisher: its rate, and whether its reports
 * are set aside.
 *
 * What is known of a node is small and bounded, and there is one for each
 * member that ever connected.
 *
 * @module
 */

import { BusyError } from "../ban/ban_hub.ts";
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
import type { NodeRecords, SetAside } from "../members/node_records.ts";
import { type Bucket, spend, tokensAt } from "../members/token_bucket.ts";

/** What standings are made of. */
export interface NodeStandingOptions {
  readonly limits: NodeLimits;
  /** Keeps who is set aside. */
  readonly records:
    & Pick<NodeRecords, "keepAside" | "dropAside" | "asides">
    & Pick<NodeRecords, "keepAudit">;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of a node that sends so much that its connections are to be cut. */
  readonly onSuspend: (node: HostName) => void;
}

/** The node's reports are set aside: nothing was taken. */
export class AsideError extends Error {
  /** As of any error. */
  override readonly name = "AsideError";
}

/** What became of a node's events since the program began. */
export interface NodeCounts {
  readonly accepted: number;
  readonly known: number;
  readonly refused: number;
}

/** How a node stands. */
export interface LiveStanding extends NodeCounts {
  /** Events that it may report at once now. */
  readonly room: number;
  /** Events in a second, in the long run. */
  readonly maxPerSecond: number;
  /** `undefined`: it is not set aside. */
  readonly aside: SetAside | undefined;
}

interface Standing {
  events: Bucket | undefined;
  messages: Bucket | undefined;
  breaker: BreakerState;
  aside: SetAside | undefined;
  counts: NodeCounts;
}

/** Who is told to have done what the publisher does by itself. */
export const PUBLISHER_ITSELF = "publisher";

const NO_COUNTS: NodeCounts = { accepted: 0, known: 0, refused: 0 };

/** Keeps nodes to their limits. */
export class NodeStandings {
  readonly #options: NodeStandingOptions;
  readonly #nodes = new Map<HostName, Standing>();

  /**
   * @param options What they are made of.
   * @throws {RuntimeError} when it can't be read who is set aside.
   */
  constructor(options: NodeStandingOptions) {
    this.#options = options;
    for (const aside of options.records.asides()) {
      const { reason, count } = aside;
      const standing = this.#of(aside.node);
      standing.breaker = { ...CLOSED, open: { reason, count } };
      standing.aside = aside;
    }
  }

  /** Nodes that are set aside. */
  get setAside(): number {
    return [...this.#nodes.values()].filter(({ aside }) => aside !== undefined)
      .length;
  }

  /** Whether a node is not even let in. */
  isSuspended(node: HostName): boolean {
    return this.#nodes.get(canonicalHost(node))?.aside?.reason === "flood";
  }

  /**
   * Whether a message of a node is looked into. One that sends far too many is
   * suspended.
   *
   * @param member Who sent it.
   * @param cost What it costs to answer, in plain messages.
   */
  takesMessage({ name, rights }: Member, cost = 1): boolean {
    const standing = this.#of(name);
    if (standing.aside?.reason === "flood") return false;
    const rate = messageRate(this.#rateOf(rights.maxPerSecond));
    const nowMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(standing.messages, rate, cost, nowMs);
    standing.messages = bucket;
    if (!isTaken) this.#step(name, { kind: "trip", why: "flood" });
    return isTaken;
  }

  /**
   * Takes as much of a node's rate as events cost.
   *
   * @throws {AsideError} when its reports are set aside.
   * @throws {BusyError} when it has to wait.
   */
  spendEvents({ name, rights }: Member, count: number): void {
    const standing = this.#of(name);
    if (standing.aside !== undefined) {
      throw new AsideError(`${name} is set aside`);
    }
    const rate = eventRate(this.#rateOf(rights.maxPerSecond));
    const nowMs = this.#options.clock.monotonicMs();
    const { isTaken, bucket } = spend(standing.events, rate, count, nowMs);
    standing.events = bucket;
    if (!isTaken) throw new BusyError(`${name} reports faster than it may`);
  }

  /** Notes that so many events or messages of a node were bad. */
  noteBad(node: HostName, why: BadKind, count = 1): void {
    this.#step(node, { kind: "bad", why, count });
  }

  /** Counts what became of events. */
  noteResults(node: HostName, outcomes: readonly (keyof NodeCounts)[]): void {
    const standing = this.#of(node);
    const counts = { ...standing.counts };
    for (const outcome of outcomes) counts[outcome]++;
    standing.counts = counts;
  }

  /**
   * Has a node's reports taken again.
   *
   * @returns Whether it was set aside.
   * @throws {RuntimeError} when that can't be kept; it is set aside as before.
   */
  async release(node: HostName): Promise<boolean> {
    const { records, log } = this.#options;
    const standing = this.#of(node);
    if (standing.aside === undefined) return false;
    await records.dropAside(canonicalHost(node));
    standing.aside = undefined;
    standing.breaker = CLOSED;
    standing.messages = undefined;
    log.record("notice", "reports of a node are taken again", { node });
    return true;
  }

  /** How a member stands. */
  live({ name, rights }: Member): LiveStanding {
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

  #of(node: HostName): Standing {
    const name = canonicalHost(node);
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const standing: Standing = {
      events: undefined,
      messages: undefined,
      breaker: CLOSED,
      aside: undefined,
      counts: NO_COUNTS,
    };
    this.#nodes.set(name, standing);
    return standing;
  }

  #step(node: HostName, event: BreakerEvent): void {
    const { clock, limits: { breaker: limit } } = this.#options;
    const standing = this.#of(node);
    const nowMs = clock.monotonicMs();
    const step = breakerStep(standing.breaker, event, nowMs, limit);
    standing.breaker = step.state;
    for (const effect of step.effects) {
      if (effect.kind !== "opened") continue;
      const { reason, count } = effect;
      const sinceMs = Math.round(clock.nowMs());
      standing.aside = { node: canonicalHost(node), sinceMs, reason, count };
      this.#setAside(node, standing.aside);
    }
  }

  async #setAside(node: HostName, aside: SetAside): Promise<void> {
    const { records, log, onSuspend } = this.#options;
    const { reason, count, sinceMs } = aside;
    const hint = `fail2ban-cluster node release ${node}`;
    log.record("error", "reports of a node are set aside", {
      ...{ node, reason, count, hint },
    });
    if (reason === "flood") onSuspend(node);
    try {
      await records.keepAside(aside);
      await records.keepAudit([{
        ...{ atMs: sinceMs, by: PUBLISHER_ITSELF, action: "set aside" },
        ...{ subject: node, detail: `${reason}, ${count} bad ones` },
      }]);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      log.record("error", "that a node is set aside can't be kept", {
        ...{ node, reason: error.message },
      });
    }
  }
}
