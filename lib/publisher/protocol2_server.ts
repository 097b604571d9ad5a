/**
 * Serves the nodes of protocol 2: control socket, stream and access control.
 *
 * @module
 */

import { TaskSet } from "../async/task_set.ts";
import type { Authenticator } from "./authenticator.ts";
import type { BanHub, KeptChange } from "../ban/ban_hub.ts";
import type { SessionId } from "../base/ids.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { observesSome, TAKE_ALL } from "../choice/receiver_choice.ts";
import { ChangeStream } from "./change_stream.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { ControlServer } from "./control_server.ts";
import { RuntimeError } from "../base/errors.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { HostName } from "../base/host_name.ts";
import { auditJournal } from "./journal_audit.ts";
import type { MemberList, PublisherAddress } from "../members/member.ts";
import { ConnectionGate, type ListChanges } from "./connection_gate.ts";
import type { MemberConnections } from "../front/front.ts";
import type { NodeLimits } from "../members/node_limits.ts";
import { NodeQuotas } from "./node_quotas.ts";
import {
  type NodeState,
  NodeStates,
  type RoleState,
} from "../presence/node_states.ts";
import { PresenceKeeper } from "../presence/presence_keeper.ts";
import { PRESENCE_PACE, type PresencePace } from "../wire/presence_pace.ts";
import type { Clock } from "../async/clock.ts";
import type { Log } from "../log/log.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import { liveNode } from "./live_node.ts";
import type { LiveNode } from "../wire/operator_status.ts";
import type { PublisherFacts } from "../wire/v2_messages.ts";
import {
  prefixedFigures,
  type StatusFigures,
} from "../service/status_report.ts";
import { NodeMoves } from "../operators/node_moves.ts";
import { NodeOrders } from "../operators/node_orders.ts";
import type { EnforcingNode } from "../operators/enforcement_view.ts";
import type { RefusedReport } from "../operators/refused_report.ts";
import { SyncServer } from "./sync_server.ts";
import { MAX_CHANGES } from "../wire/v2.ts";

/** How protocol 2 is served. */
export interface Protocol2Service {
  /** A ROUTER that nodes connect to. */
  readonly control: MessageSocket;
  /** A PUB that subscribers listen to. */
  readonly stream: MessageSocket;
  /** The connections of both, so that a member's can be cut. */
  readonly connections: {
    readonly control: MemberConnections;
    readonly stream: MemberConnections;
  };
  /** The ROUTER that libzmq asks about connections to both. */
  readonly zap: MessageSocket;
  /** Gives the number of connections to the stream. @default {a few} */
  readonly listeners?: (() => number) | undefined;
  /** Decides who may connect. */
  readonly authenticator: Authenticator;
  /** The member lists that follow the authenticator's first one. */
  readonly memberChanges: ListChanges;
  /** The publisher's next address, which nodes are told. @default {none} */
  readonly told?: PublisherAddress | undefined;
}

/** Options for {@link Protocol2Server}. */
export interface Protocol2ServerOptions extends Protocol2Service {
  readonly hub: BanHub;
  readonly store: BanStore;
  readonly clock: Clock;
  readonly log: Log;
  /** The current protection rules; read for each ban. */
  readonly protection: CurrentPolicy;
  /** Limits of each node. */
  readonly limits: NodeLimits;
  /** Gives the cluster's current allowlist. */
  readonly allowlist: () => Allowlist;
  /** Called with each list of members. */
  readonly onList: (list: MemberList) => void;
  /** Creates an unguessable session id. */
  readonly newSessionId: () => SessionId;
  /** Called with receipts as they arrive. Must not throw. */
  readonly onReceipts: (receipts: readonly StoredReceipt[]) => void;
  /** Called with new receipts once they are stored. Must not throw. */
  readonly onReceiptsKept: (kept: readonly StoredReceipt[]) => void;
  /** Called with finally refused reports. Must not throw. */
  readonly onRefused: (refused: RefusedReport) => void;
  /** When a node counts as silent. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** Whether a HELLO may be answered now. @default {always} */
  readonly mayGreet?: (() => boolean) | undefined;
  /** What nodes are told about the publisher. */
  readonly facts: () => PublisherFacts;
}

/**
 * Maximum size of a node's message: a longer one would delay all other nodes.
 */
const [EVENTS_AT_ONCE, RECEIPTS_AT_ONCE] = [250, 250];

/** Serves nodes with {@link Protocol2Server.tasks}. */
export class Protocol2Server {
  /** Sends operators' orders to nodes. */
  readonly orders: NodeOrders;
  readonly #options: Protocol2ServerOptions;
  readonly #syncServer: SyncServer;
  readonly #control: ControlServer;
  readonly #stream: ChangeStream;
  readonly #gate: ConnectionGate;
  readonly #quotas: NodeQuotas;
  readonly #states: NodeStates;
  readonly #presenceKeeper: PresenceKeeper;
  readonly #moves: NodeMoves;

  /** @param options See {@link Protocol2ServerOptions}. */
  constructor(options: Protocol2ServerOptions) {
    const { hub, store, clock, control, stream } = options;
    this.#options = options;
    this.#syncServer = newSyncServer(options);
    const tasks = new TaskSet();
    this.#quotas = new NodeQuotas({
      ...options,
      tasks,
      records: store.records,
      onSuspend: (node) => this.#gate.expel([node]),
    });
    const kept = store.records.presences();
    this.#states = new NodeStates({
      ...options,
      ...options.pace ?? PRESENCE_PACE,
      kept,
      sinceMs: clock.nowMs(),
      members: () => options.authenticator.list.members,
      // What the stream still gathers, no node lacks by its own fault.
      seq: () => this.#stream.sentSeq,
      isAside: (node) => this.#quotas.isAside(node),
    });
    this.#presenceKeeper = new PresenceKeeper({
      ...options,
      records: store.records,
      current: () => this.#states.kept(),
    }, kept);
    this.orders = new NodeOrders({
      sessions: () => this.#control.all(),
      say: (session, message) => this.#control.sayIn(session, message),
      broadcast: (...probe) => this.#stream.probe(...probe),
      clock,
    });
    this.#moves = new NodeMoves({
      ...options,
      say: (node, message) => this.#control.say(node, message),
    });
    this.#control = new ControlServer({
      ...options,
      onAnswer: (session, answer) =>
        answer.kind === "MOVED"
          ? this.#moves.note(session, answer)
          : this.orders.note(answer),
      onCaughtUp: () => this.#stream.beatSoon(),
      greeting: () => this.#moves.greeting,
      quotas: this.#quotas,
      states: this.#states,
      tasks,
      socket: control,
      syncServer: this.#syncServer,
      limits: { maxEvents: EVENTS_AT_ONCE, maxReceipts: RECEIPTS_AT_ONCE },
    });
    this.#stream = new ChangeStream({
      socket: stream,
      clock,
      epoch: store.epoch,
      seq: () => hub.table.seq,
      revision: () => options.allowlist().revision,
      listeners: options.listeners,
    });
    this.#gate = new ConnectionGate({
      ...options,
      ...options.connections,
      changes: (signal) => this.#changes(signal),
      onList: (list) => {
        this.#states.forgetOthers();
        options.onList(list);
      },
      endSessions: (node) => this.#control.endSessions(node),
    });
  }

  /** Totals for `status`. */
  get figures(): StatusFigures {
    return {
      protocol2: "on",
      sessions: this.#control.sessions,
      setAside: this.#quotas.quarantined,
      snapshotReaders: this.#syncServer.readers,
      ...prefixedFigures("protocol2", this.#control.counters),
      ...prefixedFigures("protocol2", this.#control.events),
      ...prefixedFigures("protocol2", this.#control.receipts),
      ...prefixedFigures("connections", this.#gate.counters),
    };
  }

  /** Number of dropped messages; their nodes ask again. */
  get dropped(): number {
    return this.#control.dropped + this.#stream.dropped;
  }

  /** The state of each member's programs. */
  states(): readonly NodeState[] {
    return this.#states.list(this.#options.clock.nowMs());
  }

  /** The state of each member, as operators see it. */
  live(): readonly LiveNode[] {
    const { authenticator: { list: { members } }, hub, clock } = this.#options;
    const nowMs = clock.nowMs();
    return this.#states.list(nowMs).flatMap((state, at) => {
      const member = members[at];
      if (member === undefined) return [];
      const quota = this.#quotas.live(member);
      const reports = hub.table.reportsOf(member.name);
      return [liveNode(state, quota, reports, nowMs)];
    });
  }

  /** Nodes whose subscribers should enforce bans, including silent ones. */
  readonly enforcing = (): readonly EnforcingNode[] =>
    this.states().flatMap(({ node, roles }) => {
      const acting = roles.find(isEnforcing);
      if (acting === undefined) return [];
      const { state, condition } = acting;
      const { actions, choice } = condition?.kind === "subscriber"
        ? condition
        : { actions: [], choice: TAKE_ALL };
      return [{
        node,
        actions: actions.map(({ name }) => name),
        isSilent: state === "silent",
        choice,
      }];
    });

  /** Tells nodes the publisher's next address. */
  get moves(): Pick<NodeMoves, "announce" | "tell"> {
    return this.#moves;
  }

  /** Accepts a node's reports again. @returns Whether they were set aside. */
  async release(node: HostName): Promise<boolean> {
    return await this.#quotas.release(node);
  }

  /** Whether a member may not connect until it is released. */
  isSuspended(node: HostName): boolean {
    return this.#quotas.isSuspended(node);
  }

  /** The tasks to run, each until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [
      (signal) => this.#gate.run(signal),
      (signal) => this.#control.run(signal),
      (signal) => this.#stream.run(signal),
      (signal) => this.#presenceKeeper.run(signal),
    ];
  }

  /** Sends stored changes to every subscriber. */
  publish(kept: readonly KeptChange[]): void {
    this.#stream.publish(kept);
  }

  /**
   * Copies each list's journal into the audit; the first list has been in force
   * from the start.
   */
  async *#changes(signal: AbortSignal): AsyncGenerator<MemberList> {
    const { authenticator, memberChanges, store: { records }, log } =
      this.#options;
    await auditJournal(authenticator.list, { records, log });
    for await (const list of memberChanges(signal)) {
      yield list;
      await auditJournal(list, { records, log });
    }
  }

  /** Makes every node search for another publisher. */
  dismiss(): void {
    this.#control.dismiss();
  }

  /** Sends the new allowlist to every session. */
  sendAllowlist(list: Allowlist): void {
    this.#control.sendAllowlist(list);
  }

  /** Releases unused snapshots. */
  tidy(nowMs: number): void {
    this.#syncServer.tidy(nowMs);
  }
}

/** When the history can't be read, replicas get the whole table instead. */
function newSyncServer(
  { store, log, clock, hub: { table } }: Protocol2ServerOptions,
): SyncServer {
  const troubleLog = new TroubleLog({
    log,
    clock,
    trouble: "the past can't be told, and copies take the whole table",
    over: "the past is told again",
  });
  return new SyncServer({
    source: {
      epoch: store.epoch,
      get seq() {
        return table.seq;
      },
      get size() {
        return table.size;
      },
      get keptSince() {
        return store.keptSince;
      },
      columns: (max) => table.columns(max),
      since: (seq, max) => {
        try {
          return store.since(seq, max);
        } catch (error) {
          if (!(error instanceof RuntimeError)) throw error;
          troubleLog.report(error.message);
          return undefined;
        }
      },
    },
    maxChanges: MAX_CHANGES,
  });
}

/**
 * Whether a program enforces or observes bans. One that said BYE enforces
 * nothing new, and one that only writes a log enforces nothing.
 * one that only observes would.
 */
function isEnforcing({ role, state, condition }: RoleState): boolean {
  if (role !== "subscriber" || state !== "ok" && state !== "silent") {
    return false;
  }
  return condition?.kind !== "subscriber" || condition.actions.length > 0 ||
    observesSome(condition.choice);
}
