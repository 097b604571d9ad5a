/**
 * The publisher: accepts reports over both protocols, keeps one table, and
 * sends its changes to every subscriber.
 *
 * @module
 */

import { ANY_NODE, type QuorumOf } from "../ban/ban_decision.ts";
import { BanHub, type BanHubOptions, type KeptChange } from "../ban/ban_hub.ts";
import type { SessionId } from "../base/ids.ts";
import { type GrowthOf, NO_GROWTH } from "../ban/ban_growth.ts";
import { StoreUpkeep } from "../ban/store_upkeep.ts";
import type { BanStore } from "../ban/ban_store.ts";
import { AllowlistService } from "./allowlist_service.ts";
import type { HostName } from "../base/host_name.ts";
import { Protocol1Server, type Protocol1Service } from "./protocol1_server.ts";
import { auditJournal } from "./journal_audit.ts";
import type { AllowedNetwork, MemberList } from "../members/member.ts";
import { PRESENCE_PACE, type PresencePace } from "../wire/presence_pace.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import {
  DEFAULT_NODE_LIMITS,
  type NodeLimits,
} from "../members/node_limits.ts";
import { Protocol2Server, type Protocol2Service } from "./protocol2_server.ts";
import type { OperatorAnswer } from "../wire/operator_messages.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import type { ThreadPercents } from "../wire/operator_status.ts";
import { isReservedJail } from "../base/operator_name.ts";
import {
  OperatorService,
  type ServedRequest,
} from "../operators/operator_service.ts";
import type { RecordDeed } from "../members/node_records.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import type {
  PublisherObserver,
  PublisherState,
  PublisherView,
} from "./publisher_view.ts";
import type { StatusFigures } from "../service/status_report.ts";
import { PublisherClock } from "./publisher_clock.ts";
import { StepSize } from "../async/step_size.ts";
import { runTogether } from "../async/tasks.ts";
import type { WideningOf } from "../widen/widen_rules.ts";
import { WideningService } from "../widen/widening_service.ts";

/** Options for {@link Publisher}. */
export interface PublisherOptions {
  /** How protocol 1 is served; `undefined` when it is not. */
  readonly protocol1: Protocol1Service | undefined;
  /** How protocol 2 is served; `undefined` when it is not. */
  readonly protocol2: Protocol2Service | undefined;
  /** Stores the table; nobody else writes to it. */
  readonly store: BanStore;
  /** The system's clock, which somebody may set. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  /**
   * Duration of a report of protocol 1, in milliseconds; `Infinity`: until it
   * is withdrawn.
   */
  readonly banTimeMs: number;
  /** How long history is kept, in milliseconds. */
  readonly keepHistoryMs: number;
  /** Number of nodes that must report a ban, by jail. @default {ANY_NODE} */
  readonly quorumOf?: QuorumOf;
  /** How much longer repeated bans last. @default {no longer} */
  readonly growthOf?: GrowthOf;
  /** When networks are banned because of their addresses. @default {never} */
  readonly wideningOf?: WideningOf;
  /** Limits of each node. @default {DEFAULT_NODE_LIMITS} */
  readonly limits?: NodeLimits;
  /** Creates an unguessable session id. */
  readonly newSessionId: () => SessionId;
  /** This host's name, the origin of the allowlist's lifts. */
  readonly hostName: HostName;
  /** The version of this program. */
  readonly version: string;
  /** URLs of its lists, for `status`. @default {[]} */
  readonly lists?: readonly string[];
  /** The first entries of the cluster's allowlist. @default {[]} */
  readonly allowed?: readonly AllowedNetwork[];
  /** When a node counts as silent. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /**
   * Time of its last backup, in milliseconds since 1970, by the system's clock.
   * @default {never}
   */
  readonly lastBackupMs?: () => Promise<number | undefined>;
  /** Receives events of the publisher. @default {nobody} */
  readonly observer?: PublisherObserver;
  /** Whether a HELLO may be answered now. @default {always} */
  readonly mayGreet?: () => boolean;
  /**
   * Load of its threads, for `status`; `undefined` when unknown.
   * @default {unknown}
   */
  readonly threads?: () => ThreadPercents | undefined;
  /** See {@link BanHubOptions}. */
  readonly gather?: NonNullable<BanHubOptions["gather"]>;
}

/** Interval between expiry sweeps. */
const EXPIRY_INTERVAL_MS = 1_000;
/**
 * Maximum number of bans that expire in one step: a list's bans expire
 * together.
 */
const MAX_EXPIRED_AT_ONCE = 1_000;
/** Pause between such steps. */
const EXPIRY_PAUSE_MS = 5;
/** The default: no network is banned because of its addresses. */
const NOT_WIDENED: WideningOf = () => undefined;
/** The figures of `status` when protocol 2 is off. */
const NOT_SERVED = { protocol2: "off" };
/** The figures of `status` when protocol 1 is off. */
const NO_LEGACY = { legacy: "off" };

/**
 * Serves monitors and subscribers until stopped.
 *
 * @example
 * ```ts ignore
 * const publisher = new Publisher({ protocol1, protocol2, store, clock, ...others });
 * await publisher.run(signal);
 * publisher.figures; // { bans: 3, seq: 5, epoch: "...", ... }
 * ```
 */
export class Publisher {
  readonly #options: PublisherOptions;
  readonly #expirySteps = new StepSize({ max: MAX_EXPIRED_AT_ONCE });
  readonly #time: PublisherClock;
  readonly #hub: BanHub;
  readonly #allowlist: AllowlistService;
  readonly #widening: WideningService;
  readonly #legacy: Protocol1Server | undefined;
  readonly #nodes: Protocol2Server | undefined;
  readonly #operators: OperatorService;
  readonly #upkeep: StoreUpkeep;

  /** Creates a publisher; it serves while it runs. */
  constructor(given: PublisherOptions) {
    this.#time = new PublisherClock(given);
    const clock = this.#time.steady;
    const options = { limits: DEFAULT_NODE_LIMITS, ...given, clock };
    this.#options = options;
    const { protocol1, protocol2, allowed = [] } = options;
    const hub = new BanHub({
      ...options,
      quorumOf: quorumBesideOperators(options.quorumOf ?? ANY_NODE),
      maxReports: options.limits.maxReports,
      onKept: (kept) => this.#publish(kept),
      onCommit: (tookMs) => this.#options.observer?.noteCommit(tookMs),
    });
    this.#hub = hub;
    options.observer?.noteTable(hub.table.counts());
    const allowlist = new AllowlistService({
      ...options,
      hub,
      by: options.hostName,
      allowed,
      clock: given.clock,
      onChange: (list) => this.#nodes?.sendAllowlist(list),
    });
    this.#allowlist = allowlist;
    const widening = new WideningService({
      ...options,
      hub,
      wideningOf: options.wideningOf ?? NOT_WIDENED,
      protection: allowlist.policy,
    });
    this.#widening = widening;
    const serving = {
      ...options,
      hub,
      protection: allowlist.policy,
      onRefused: (refused: RefusedReport) => {
        this.#operators.noteRefused(refused);
        this.#options.observer?.noteRefused(refused);
      },
    };
    this.#legacy = protocol1 === undefined
      ? undefined
      : new Protocol1Server({ ...serving, ...protocol1 });
    this.#nodes = protocol2 === undefined ? undefined : new Protocol2Server({
      ...serving,
      ...protocol2,
      facts: () => ({
        version: options.version,
        // The system's time: the steady clock is the publisher's own.
        nowMs: Math.max(0, Math.round(this.#time.steady.wallMs())),
      }),
      allowlist: () => allowlist.list,
      onList: ({ allowed }) => this.allow(allowed),
      onReceipts: (said) => {
        this.#operators.noteReceipts(said);
        this.#options.observer?.noteReceipts(said);
      },
      onReceiptsKept: (kept) => this.#operators.noteReceiptsKept(kept),
    });
    this.#operators = new OperatorService({
      ...options,
      hub,
      nodes: this.#nodes,
      records: options.store.records,
      aheadMs: () => this.#time.steady.aheadMs,
      protection: allowlist.policy,
      allowlist: () => allowlist.list,
      noteOf: allowlist.noteOf,
      growthOf: options.growthOf ?? NO_GROWTH,
      widenedOf: (network) => widening.explain(network),
      onDeed: (verb, by) => this.#options.observer?.noteDeed(verb, by),
      waitMs: (options.pace ?? PRESENCE_PACE).receiptWaitMs,
    });
    this.#upkeep = new StoreUpkeep({
      ...options,
      mayForget: () => this.#time.mayForget,
    });
  }

  /**
   * Answers an operator of this host. A failure that the operator can fix is an
   * answer, not a rejection.
   *
   * @param request The request.
   * @param signal Ends it: nobody reads the answer any more.
   * @returns The answer, made while it is read.
   */
  answer(
    request: ServedRequest,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    return this.#operators.answer(request, signal);
  }

  /**
   * Records an operator's action of another service. @throws {RuntimeError}
   * when it can't be stored.
   */
  async record(...deed: Parameters<RecordDeed>): Promise<void> {
    await this.#operators.note(...deed);
  }

  /** Replaces the allowlist. */
  allow(allowed: readonly AllowedNetwork[]): void {
    this.#allowlist.update(allowed);
  }

  /**
   * Applies a list of members while protocol 2 is off: only its allowlist and
   * journal count.
   */
  async updateUnserved(list: MemberList): Promise<void> {
    this.allow(list.allowed);
    const { store: { records }, log } = this.#options;
    await auditJournal(list, { records, log });
  }

  /**
   * Makes every node search for another publisher; stop this one soon after.
   */
  dismiss(): void {
    this.#nodes?.dismiss();
  }

  /** Whether a member may not connect until it is released. */
  isSuspended(node: HostName): boolean {
    return this.#nodes?.isSuspended(node) ?? false;
  }

  /** A read-only view of the current table. */
  get view(): PublisherView {
    const [hub, { steady }] = [this.#hub, this.#time];
    return {
      table: hub.table,
      get storeTrouble() {
        return hub.storeTrouble;
      },
      get time() {
        return { nowMs: steady.nowMs(), aheadMs: steady.aheadMs };
      },
    };
  }

  /** The state of each member. */
  get nodes(): readonly LiveNode[] {
    return this.#nodes?.live() ?? [];
  }

  /** The values of its metrics. */
  get facts(): PublisherState {
    const { table, counters, waiting } = this.#hub;
    const { epoch, imports } = this.#options.store;
    const { nodes } = this;
    return {
      ...{ seq: table.seq, epoch, counters, waiting, nodes },
      imports: imports.all(),
    };
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    const { table, counters, waiting } = this.#hub;
    return {
      bans: table.size,
      seq: table.seq,
      epoch: this.#options.store.epoch,
      ...counters,
      waiting,
      allowed: this.#allowlist.list.ignore.length,
      allowedLifted: this.#allowlist.lifted,
      ...this.#legacy?.figures ?? NO_LEGACY,
      ...this.#nodes?.figures ?? NOT_SERVED,
      dropped: (this.#legacy?.dropped ?? 0) + (this.#nodes?.dropped ?? 0),
    };
  }

  /**
   * Serves until aborted.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#time.run(group),
      (group) => this.#hub.run(group),
      (group) => this.#allowlist.run(group),
      (group) => this.#widening.run(group),
      ...this.#legacy?.tasks ?? [],
      ...this.#nodes?.tasks ?? [],
      (group) => this.#operators.run(group),
      (group) => this.#expire(group),
      ...this.#upkeep.tasks,
    ]);
  }

  #publish(kept: readonly KeptChange[]): void {
    this.#nodes?.publish(kept);
    this.#legacy?.publish(kept);
    this.#allowlist.note(kept);
    this.#widening.note(kept);
    this.#operators.noteKept(kept);
    this.#options.observer?.noteKept(kept);
  }

  async #expire(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      await clock.delay(EXPIRY_INTERVAL_MS, signal);
      await this.#expireDue(signal);
      this.#allowlist.tick();
      this.#widening.tick();
      this.#nodes?.tidy(clock.nowMs());
    }
  }

  async #expireDue(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (true) {
      const startMs = clock.monotonicMs();
      const max = this.#expirySteps.size;
      const ended = this.#hub.expire(max);
      this.#operators.noteExpired(ended);
      this.#widening.noteExpired(ended);
      this.#options.observer?.noteExpired(ended);
      this.#expirySteps.note(ended.length, clock.monotonicMs() - startMs);
      if (ended.length < max) return;
      await clock.delay(EXPIRY_PAUSE_MS, signal);
    }
  }
}

/** An operator's order needs no quorum. */
function quorumBesideOperators(quorumOf: QuorumOf): QuorumOf {
  return (jail) => isReservedJail(jail) ? ANY_NODE(jail) : quorumOf(jail);
}
