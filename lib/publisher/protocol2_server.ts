/**
 * Serves the nodes of protocol 2: control socket, stream, and who may use them.
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

/** Where protocol 2 is served, and to whom. */
export interface Protocol2Service {
  /** A ROUTER that nodes connect to. */
  readonly control: MessageSocket;
  /** A PUB that subscribers listen to. */
  readonly stream: MessageSocket;
  /** The connections of both, by which a member's can be cut. */
  readonly connections: {
    readonly control: MemberConnections;
    readonly stream: MemberConnections;
  };
  /** The ROUTER that libzmq asks whom these two let in. */
  readonly zap: MessageSocket;
  /** How many have connected to the stream. @default {a few} */
  readonly listeners?: (() => number) | undefined;
  /** Decides who may use them. */
  readonly authenticator: Authenticator;
  /** The lists of members that follow the one the doorkeeper goes by. */
  readonly memberChanges: ListChanges;
  /** Where nodes are told that the publisher will be. @default {nowhere} */
  readonly told?: PublisherAddress | undefined;
}

/** Options for {@link Protocol2Server}. */
export interface Protocol2ServerOptions extends Protocol2Service {
  readonly hub: BanHub;
  readonly store: BanStore;
  readonly clock: Clock;
  readonly log: Log;
  /** Which addresses are never banned; asked for each ban. */
  readonly protection: CurrentPolicy;
  /** What a node may do. */
  readonly limits: NodeLimits;
  /** Gives the cluster's allowlist that counts now. */
  readonly allowlist: () => Allowlist;
  /** Told of each list of members. */
  readonly onList: (list: MemberList) => void;
  /** Makes a session's id that nobody can guess. */
  readonly newSessionId: () => SessionId;
  /** Given receipts as they arrive. Must not throw. */
  readonly onReceipts: (receipts: readonly StoredReceipt[]) => void;
  /** Given receipts that count, once they are kept. Must not throw. */
  readonly onReceiptsKept: (kept: readonly StoredReceipt[]) => void;
  /** Told of reports that are refused for good. Must not throw. */
  readonly onRefused: (refused: RefusedReport) => void;
  /** When nodes are silent. @default {PRESENCE_PACE} */
  readonly pace?: PresencePace;
  /** Whether whoever says HELLO is answered. @default {always} */
  readonly mayGreet?: (() => boolean) | undefined;
  /** What nodes are told of the publisher. */
  readonly facts: () => PublisherFacts;
}

/** What nodes are asked to send in a message: a longer one would hold up all others for longer. */
const [EVENTS_AT_ONCE, RECEIPTS_AT_ONCE] = [250, 250];

/** Serves nodes with {@link Protocol2Server.tasks}. */
export class Protocol2Server {
  /** What operators have nodes do. */
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
      seq: () => hub.table.seq,
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

  /** What it has done so far, for `status`. */
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

  /** Messages that were dropped: their nodes ask again. */
  get dropped(): number {
    return this.#control.dropped + this.#stream.dropped;
  }

  /** How each member's programs are now. */
  states(): readonly NodeState[] {
    return this.#states.list(this.#options.clock.nowMs());
  }

  /** How each member stands. */
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

  /** Nodes whose subscribers should have bans in force, those that are silent as well. */
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

  /** Where nodes are told that the publisher will be. */
  get moves(): Pick<NodeMoves, "announce" | "tell"> {
    return this.#moves;
  }

  /** Takes a node's reports again. @returns Whether they were set aside. */
  async release(node: HostName): Promise<boolean> {
    return await this.#quotas.release(node);
  }

  /** Whether a node is not let in though it is a member. */
  isSuspended(node: HostName): boolean {
    return this.#quotas.isSuspended(node);
  }

  /** What has to run, each until aborted. */
  get tasks(): readonly ((signal: AbortSignal) => Promise<void>)[] {
    return [
      (signal) => this.#gate.run(signal),
      (signal) => this.#control.run(signal),
      (signal) => this.#stream.run(signal),
      (signal) => this.#presenceKeeper.run(signal),
    ];
  }

  /** Tells every subscriber of changes that are kept. */
  publish(kept: readonly KeptChange[]): void {
    this.#stream.publish(kept);
  }

  /** Each list is recorded as well; the first one was in force from the start. */
  async *#changes(signal: AbortSignal): AsyncGenerator<MemberList> {
    const { authenticator, memberChanges, store: { records }, log } =
      this.#options;
    await auditJournal(authenticator.list, { records, log });
    for await (const list of memberChanges(signal)) {
      yield list;
      await auditJournal(list, { records, log });
    }
  }

  /** Has every node look for another publisher. */
  dismiss(): void {
    this.#control.dismiss();
  }

  /** Tells every session the allowlist that counts from now on. */
  sendAllowlist(list: Allowlist): void {
    this.#control.sendAllowlist(list);
  }

  /** Lets go of what nobody asks for any more. */
  tidy(nowMs: number): void {
    this.#syncServer.tidy(nowMs);
  }
}

/** A past that can't be read leaves the table: copies take the whole of it. */
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
 * One that said BYE enforces nothing new, nor does one that only writes a log;
 * one that only observes would.
 */
function isEnforcing({ role, state, condition }: RoleState): boolean {
  if (role !== "subscriber" || state !== "ok" && state !== "silent") {
    return false;
  }
  return condition?.kind !== "subscriber" || condition.actions.length > 0 ||
    observesSome(condition.choice);
}
