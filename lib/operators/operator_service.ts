/**
 * Carries out operators' requests to the running publisher, and records who
 * sent them.
 *
 * @module
 */

import { withdrawReports } from "./withdrawal.ts";
import { runTogether } from "../async/tasks.ts";
import type { GrowthOf } from "../ban/ban_growth.ts";
import type { TableStep } from "../ban/ban_table.ts";
import { type BanHub, BusyError, type KeptChange } from "../ban/ban_hub.ts";
import { RuntimeError } from "../base/errors.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
  PageRequest,
} from "../wire/operator_messages.ts";
import { wordsOf } from "../wire/operator_bans.ts";
import type { MoveTelling, ToldNode } from "../wire/operator_moves.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import { MAX_AUDIT_ANSWER } from "../wire/operator_messages.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { NodeRecords, RecordDeed } from "../members/node_records.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { SharedTurns } from "../async/shared_turns.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import {
  type AskNodeToUnban,
  LocalUnbanService,
} from "./local_unban_service.ts";
import type { TestedNodes } from "./node_orders.ts";
import { TestService } from "./test_service.ts";
import { LiveTail } from "./live_tail.ts";
import type { NodeMoves } from "./node_moves.ts";
import { ReceiptWatch } from "./receipt_watch.ts";
import { SteeringService } from "./steering_service.ts";
import { WhyService } from "./why_service.ts";
import { BanListing } from "./ban_listing.ts";
import { ChangeFeed } from "./change_feed.ts";
import { ImportKeeper } from "../imports/import_keeper.ts";
import { ImportService } from "../imports/import_service.ts";
import type { EnforcingNodes } from "./enforcement_view.ts";
import type { WidenedOf } from "./networks_around.ts";
import type { RefusedReport } from "./refused_report.ts";
import type { ThreadPercents } from "../wire/operator_status.ts";
import { StatusService } from "./status_service.ts";

/** Sends orders to programs of nodes. */
export interface NodeOrdering extends TestedNodes {
  /** Has a node's own fail2ban unban an address. */
  readonly unban: AskNodeToUnban;
}

/** The nodes of protocol 2, as an operator sees them. */
export interface LiveNodes extends EnforcingNodes {
  /** The state of each member. */
  live(): readonly LiveNode[];
  /** Accepts a node's reports again. @returns Whether they were set aside. */
  release(node: HostName): Promise<boolean>;
  /** Sends orders to nodes. */
  readonly orders: NodeOrdering;
  /** Tells nodes the publisher's new address. */
  readonly moves: Pick<NodeMoves, "announce" | "tell">;
}

/** Options for {@link OperatorService}. */
export interface OperatorServiceOptions {
  readonly hub: Pick<BanHub, "submit" | "table" | "storeTrouble">;
  /** The publisher's version. */
  readonly version: string;
  /** URLs of this publisher's lists. @default {[]} */
  readonly lists?: readonly string[];
  /** Load of the threads; `undefined` when unknown. @default {unknown} */
  readonly threads?: () => ThreadPercents | undefined;
  /** `undefined` when protocol 2 is not served. */
  readonly nodes: LiveNodes | undefined;
  readonly store: Pick<
    BanStore,
    | "receipts"
    | "history"
    | "jailsOf"
    | "epoch"
    | "since"
    | "keptSince"
    | "time"
    | "keepTime"
    | "imports"
  >;
  readonly records: Pick<NodeRecords, "keepAudit" | "audit" | "auditOf">;
  /** The protection rules, including the cluster's allowlist. */
  readonly protection: CurrentPolicy;
  /** The cluster's current allowlist. */
  readonly allowlist: () => Pick<Allowlist, "revision">;
  /** The note of a network on the allowlist; may be empty. */
  readonly noteOf: (network: string) => string;
  /** The origin of lifts by the allowlist: the publisher's name. */
  readonly hostName: HostName;
  /** Why a network is banned by widening. */
  readonly widenedOf: WidenedOf;
  /** How much longer repeated bans last. */
  readonly growthOf: GrowthOf;
  /** How long history is kept, in milliseconds. */
  readonly keepHistoryMs: number;
  /**
   * Time of the publisher's last backup, in milliseconds since 1970, by the
   * system's clock. Never rejects. @default {never}
   */
  readonly lastBackupMs?: () => Promise<number | undefined>;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each deed and its operator. Must not throw. @default {no call} */
  readonly onDeed?: (verb: string, by: string) => void;
  /** Longest wait for the nodes' receipts of a ban, in milliseconds. */
  readonly waitMs: number;
}

const NO_NODES: LiveNodes = {
  enforcing: () => [],
  live: () => [],
  release: () => Promise.resolve(false),
  orders: {
    unban: () => Promise.resolve({ outcome: "away", detail: "" }),
    probe: () => Promise.resolve([]),
    drill: () => Promise.resolve(undefined),
  },
  moves: { announce: () => {}, tell: () => Promise.resolve([]) },
};

/** The requests that it answers; the page has its own service. */
export type ServedRequest = Exclude<OperatorRequest, PageRequest>;

/** Requests whose answer has several lines. */
type ManyLines = "bans" | "tail" | "follow" | "importEnd" | "importRemove";

/** Answers operators' requests. */
export class OperatorService {
  readonly #options: OperatorServiceOptions;
  readonly #listing: BanListing;
  readonly #why: WhyService;
  readonly #steering: SteeringService;
  readonly #status: StatusService;
  readonly #tail: LiveTail;
  readonly #feed: ChangeFeed;
  readonly #keeper: ImportKeeper;
  readonly #imports: ImportService;
  readonly #test: TestService;
  readonly #receipts = new ReceiptWatch();

  /** @param options See {@link OperatorServiceOptions}. */
  constructor(options: OperatorServiceOptions) {
    this.#options = options;
    const turns = new SharedTurns(options);
    const nodes = options.nodes ?? NO_NODES;
    this.#listing = new BanListing({ ...options, nodes, turns });
    const nowMs = () => options.clock.nowMs();
    const record = this.#record;
    this.#steering = new SteeringService({
      ...options,
      nodes,
      turns,
      receipts: this.#receipts,
      local: new LocalUnbanService({
        ...options,
        nowMs,
        askNode: (...asked) => nodes.orders.unban(...asked),
      }),
      record,
    });
    const { imports } = options.store;
    this.#keeper = new ImportKeeper({ ...options, imports, turns });
    this.#imports = new ImportService({
      ...options,
      ...{ imports, turns, record, keeper: this.#keeper },
    });
    this.#test = new TestService({
      ...options,
      nodes: { live: () => nodes.live(), orders: nodes.orders },
      record,
    });
    this.#why = new WhyService({ ...options, nodes, turns, nowMs });
    this.#status = new StatusService({
      ...options,
      nodes,
      turns,
      backupAgoMs: () => this.#backupAgoMs(),
    });
    this.#tail = new LiveTail({ ...options, nodes });
    this.#feed = new ChangeFeed({ ...options, nodes });
  }

  /** Passes on stored changes. */
  noteKept(kept: readonly KeptChange[]): void {
    this.#status.noteKept(kept);
    this.#tail.noteKept(kept);
    this.#feed.noteKept();
  }

  /** Passes on expired bans. */
  noteExpired(steps: readonly TableStep[]): void {
    this.#status.noteExpired(steps);
    this.#tail.noteExpired(steps);
  }

  /** Passes on a refused report. */
  noteRefused(refused: RefusedReport): void {
    this.#status.noteRefused(refused);
    this.#tail.noteRefused(refused);
  }

  /** Passes on receipts as they arrive, before they are stored. */
  noteReceipts(receipts: readonly StoredReceipt[]): void {
    this.#receipts.note(receipts);
    this.#tail.noteReceipts(receipts);
  }

  /** Passes on receipts that are stored. */
  noteReceiptsKept(receipts: readonly StoredReceipt[]): void {
    this.#status.noteReceipts(receipts);
  }

  /**
   * Counts the bans in force at the start, and creates the bans of imports, in
   * short turns.
   *
   * @param signal Ends it; the promise then resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    await runTogether(signal, [
      (group) => this.#keeper.run(group),
      (group) => this.#status.run(group),
    ]);
  }

  /**
   * Answers a request.
   *
   * @param request The request.
   * @param signal Ends it: nobody reads the answer any more.
   * @returns The answer, made while it is read. A failure that an operator can
   * fix is an answer as well.
   */
  async *answer(
    request: ServedRequest,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    try {
      yield* this.#answers(request, signal);
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      if (error instanceof BusyError) {
        yield failed("the publisher is busy", "try again");
        return;
      }
      if (!(error instanceof RuntimeError)) throw error;
      yield failed(error.message, error.hint ?? "its log says more");
    }
  }

  async *#answers(
    request: ServedRequest,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    switch (request.kind) {
      case "bans":
        yield* this.#listing.list(request, signal);
        return;
      case "tail":
        for await (const events of this.#tail.follow(request.filter, signal)) {
          yield { kind: "events", events };
        }
        return;
      case "follow":
        yield* this.#feed.follow(request.since, signal);
        return;
      case "importEnd":
        yield* this.#imports.end(request.upload, signal);
        return;
      case "importRemove":
        yield* this.#imports.remove(request.by, request.name, signal);
        return;
      default:
        yield await this.#answer(request, signal);
    }
  }

  async #answer(
    request: Exclude<ServedRequest, { kind: ManyLines }>,
    signal: AbortSignal,
  ): Promise<OperatorAnswer> {
    const { nodes, records } = this.#options;
    switch (request.kind) {
      case "withdraw":
        return {
          kind: "done",
          count: await withdrawReports(
            { ...this.#options, record: this.#record },
            request,
          ),
        };
      case "release": {
        const { by, node } = request;
        const wasAside = await nodes?.release(node) ?? false;
        if (wasAside) {
          await this.#record(by, "node release", canonicalHost(node), "");
        }
        return { kind: "done", count: Number(wasAside) };
      }
      case "status":
        return { kind: "status", ...await this.#status.status(signal) };
      case "nodes":
        return { kind: "nodes", nodes: nodes?.live() ?? [] };
      case "why": {
        const { kind, address } = request;
        return { kind, ...await this.#why.why(address, signal) };
      }
      case "ban":
        return {
          kind: "steered",
          ...await this.#steering.ban(request, signal),
        };
      case "unban":
        return {
          kind: "steered",
          ...await this.#steering.unban(request, signal),
        };
      case "readdress":
        return {
          kind: "readdressed",
          nodes: await this.#readdress(request, signal),
        };
      case "importBegin":
        return this.#imports.begin(request);
      case "importPart":
        return this.#imports.add(request);
      case "imports":
        return this.#imports.list();
      case "test":
        return { kind: "tested", ...await this.#test.test(request, signal) };
      case "audit":
        return {
          kind: "audit",
          entries: records.audit(Math.min(request.max, MAX_AUDIT_ANSWER)),
        };
    }
  }

  /** Backup times are in the system's clock. */
  async #backupAgoMs(): Promise<number | null> {
    const { lastBackupMs, clock, aheadMs } = this.#options;
    const atMs = await lastBackupMs?.();
    return atMs === undefined
      ? null
      : Math.max(0, Math.round(clock.nowMs() + aheadMs() - atMs));
  }

  async #readdress(
    { by, node, controlUrl, streamUrl }: MoveTelling,
    signal: AbortSignal,
  ): Promise<readonly ToldNode[]> {
    const { nodes = NO_NODES, waitMs } = this.#options;
    const address = { controlUrl, streamUrl };
    if (node === null) nodes.moves.announce(address);
    const all = nodes.live().map((each) => each.node).filter((name) =>
      node === null || sameHost(name, node)
    );
    await this.#record(by, "node readdress", node ?? "all", controlUrl);
    return (await nodes.moves.tell(all, address, waitMs, signal))
      .map((told) => ({ ...told, detail: wordsOf(told.detail) }));
  }

  /** Records an operator's action of another service. */
  async note(...deed: Parameters<RecordDeed>): Promise<void> {
    await this.#record(...deed);
  }

  readonly #record: RecordDeed = async (by, action, subject, detail) => {
    const { records, clock, log, aheadMs } = this.#options;
    const entry = { by, action, subject, detail: wordsOf(detail) };
    log.record("notice", "an operator's doing", entry);
    const atMs = Math.round(clock.nowMs() + aheadMs());
    this.#options.onDeed?.(action, by);
    await records.keepAudit([{ atMs, ...entry }]);
  };
}

function failed(message: string, hint: string): OperatorAnswer {
  return { kind: "failed", message: wordsOf(message), hint: wordsOf(hint) };
}
