/**
 * The source of a subscriber's bans, for the configured protocol.
 *
 * @module
 */

import type { ActionQueue } from "../../lib/subscriber/action_queue.ts";
import type { ActionStanding } from "../../lib/enforce/enforcer.ts";
import type { BanUpdate } from "../../lib/ban/ban_event.ts";
import type { NodeCondition } from "../../lib/wire/v2_messages.ts";
import type { PlaceId } from "../../lib/base/ids.ts";
import { placeOf } from "../../lib/client/io/place.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { Log } from "../../lib/log/log.ts";
import { StoreInUseError } from "../../lib/sqlite/store_errors.ts";
import {
  observesSome,
  type Receiver,
} from "../../lib/choice/receiver_choice.ts";
import { silenceExplainer } from "./silent_publisher.ts";
import { ControlClient } from "../../lib/client/control_client.ts";
import { connectToAny } from "../../lib/client/first_answer.ts";
import type { OrdersHere } from "../../lib/client/node_orders.ts";
import {
  replicaPath,
  SqliteReplicaStore,
} from "../../lib/store/io/sqlite_replica_store.ts";
import type { Allowlist } from "../../lib/protection/allowlist.ts";
import type { ZmqContext } from "../../lib/zmq/io/zmq_socket.ts";
import type { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import type { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { RenewedSocket } from "../../lib/zmq/renewed_socket.ts";
import type { ObservedBans } from "../../lib/subscriber/observed_bans.ts";
import {
  ReplicaClient,
  type ReplicaFacts,
} from "../../lib/subscriber/replica_client.ts";
import type { StatusFigures } from "../../lib/service/status_report.ts";
import type { SteadyClock } from "../../lib/async/steady_clock.ts";
import { StreamListener } from "../../lib/subscriber/stream_listener.ts";
import { Protocol1Subscriber } from "../../lib/subscriber/protocol1_subscriber.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { NULL_REPLICA_STORE } from "../../lib/subscriber/null_replica_store.ts";
import { HEARTBEAT_MS } from "../../lib/wire/presence_pace.ts";
import { MAX_MESSAGE_BYTES } from "../../lib/wire/v1.ts";
import { MAX_CONTROL_BYTES, MAX_STREAM_BYTES } from "../../lib/wire/v2.ts";
import { unbanHere } from "./own_fail2ban.ts";
import { NodeMembership } from "./node_membership.ts";
import type { RoleContext } from "./invocation.ts";

/** Options for a source of bans. */
export interface BanSourceOptions {
  readonly context: RoleContext<"subscriber">;
  /** The process's one steady clock. */
  readonly clock: SteadyClock;
  readonly zeromq: ZmqContext;
  /** Receives the updates to act on. */
  readonly queue: Pick<ActionQueue, "put">;
  readonly receipts: ReceiptQueue;
  /** Counts the refusals of all actions. */
  readonly protection: UpdateProtection;
  /** Gives the standing of each enforcing action. */
  readonly standings: () => readonly ActionStanding[];
  /** Carries out operators' orders, except unban. */
  readonly orders: Pick<OrdersHere, "judge" | "drill">;
  /** Receives the cluster's allowlist. */
  readonly onIgnore: (list: Allowlist) => void;
  /** Called when the whole table was replaced. */
  readonly onReplaced: () => void;
  /** This node and its choice. */
  readonly receiver: Receiver;
  /** Counts bans that are only observed. */
  readonly observed: ObservedBans;
  /** This program's version. */
  readonly version: string;
}

/** A source of bans. */
export interface BanSource extends Disposable {
  /**
   * The bans desired so far, from an earlier run, a few at a time; protection
   * has not judged them yet.
   */
  wanted(): Iterable<readonly BanUpdate[]>;
  /** Totals for `status`. */
  readonly figures: StatusFigures;
  /**
   * State of the replica; with protocol 1 there is none, and its state is
   * always good.
   */
  readonly facts: ReplicaFacts;
  /** Resolves once the desired bans are known. */
  whenKnown(signal: AbortSignal): Promise<void>;
  /** Receives until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const NO_COPY: ReplicaFacts = {
  isKnown: true,
  isFollowing: true,
  isCopyKept: true,
  gaps: 0,
  snapshots: 0,
};
/**
 * Maximum number of protocol 1's messages that wait while the actions are busy.
 */
const BROADCAST_QUEUE_LIMIT = 100_000;
/** The same for the stream, whose messages have up to 8 KiB. */
const STREAM_QUEUE_LIMIT = 10_000;
/**
 * Timeout of the stream of one of several publishers: two heartbeats are
 * missing, and by then another publisher takes over.
 */
const SEVERAL_SILENCE_MS = 2.5 * HEARTBEAT_MS;

/**
 * Opens the source.
 *
 * @throws {ConfigError} when this host has not joined the cluster.
 */
export async function openBanSource(
  options: BanSourceOptions,
): Promise<BanSource> {
  const { protocol2 } = options.context.config;
  if (protocol2 === undefined) return openProtocol1(options);
  const membership = await NodeMembership.read(options.context, protocol2);
  const { stateDir } = options.context.config.general;
  return openProtocol2(options, {
    membership,
    place: await placeOf(stateDir),
  });
}

function openProtocol1(
  options: BanSourceOptions,
): BanSource {
  const { context: { config, log }, clock, zeromq, queue } = options;
  const { protection, observed, receiver } = options;
  const broadcasts = new RenewedSocket({
    connect: () =>
      zeromq.subscriber(config.publisherUrl, config.prefixFilter, {
        maxMessageBytes: MAX_MESSAGE_BYTES,
        receiveQueueMessages: BROADCAST_QUEUE_LIMIT,
      }),
    clock,
    log,
  });
  const subscriber = new Protocol1Subscriber({
    broadcasts,
    queue,
    clock,
    log,
    receiver,
    onObserved: (updates) => observed.take(updates),
  });
  return {
    wanted: () => [],
    get figures() {
      return { protocol: 1, ...subscriber.counters, ...protection.counters };
    },
    facts: NO_COPY,
    whenKnown: () => Promise.resolve(),
    run: (signal) =>
      runTogether(signal, [
        (group) => broadcasts.run(group),
        (group) => subscriber.run(group),
      ]),
    [Symbol.dispose]() {},
  };
}

/** Identity of this host. */
interface NodeIdentity {
  readonly membership: NodeMembership;
  /** The host that its programs run on. */
  readonly place: PlaceId;
}

function openProtocol2(
  options: BanSourceOptions,
  identity: NodeIdentity,
): BanSource {
  const { clock, queue, receipts, protection, observed, receiver } = options;
  const { config: { general: { stateDir } }, log, dryRun } = options.context;
  const disk = dryRun ? undefined : openDisk(stateDir, log);
  const { session, listener } = connections(options, identity, () => ({
    kind: "subscriber",
    ...client.progress,
    actions: options.standings(),
    choice: receiver.choice,
    observed: observed.state,
  }));
  const client: ReplicaClient = new ReplicaClient({
    session,
    listener,
    store: disk ?? NULL_REPLICA_STORE,
    receipts,
    clock,
    log,
    receiver,
    onReplaced: options.onReplaced,
    onUpdates: (updates, signal) => queue.put(updates, signal),
    onObserved: (updates) => observed.take(updates),
    gather: (signal) => clock.delay(0, signal),
  });
  if (observesSome(receiver.choice)) {
    for (const updates of client.updates("observed")) observed.begin(updates);
  }
  tellSetAside(options, disk);
  return {
    wanted: () => client.updates(),
    get figures() {
      return { protocol: 2, ...client.figures, ...protection.counters };
    },
    get facts() {
      const { facts } = client;
      const isCopyKept = facts.isCopyKept && (disk !== undefined || dryRun);
      return { ...facts, isCopyKept };
    },
    whenKnown: (signal) => client.whenKnown(signal),
    run: (signal) =>
      runTogether(signal, [
        (group) => client.run(group),
        (group) =>
          identity.membership.run(group, () => {
            session.renew();
            listener.renew();
          }),
      ]),
    [Symbol.dispose]: () => disk?.[Symbol.dispose](),
  };
}

/** A failing disk delays nobody: the publisher has the table. */
function openDisk(
  stateDir: string,
  log: Log,
): SqliteReplicaStore | undefined {
  try {
    return SqliteReplicaStore.open(replicaPath(stateDir));
  } catch (error) {
    if (error instanceof StoreInUseError || !(error instanceof RuntimeError)) {
      throw error;
    }
    const { message: reason, hint } = error;
    const event =
      "the copy of the bans is not kept on the disk until a restart";
    log.record("error", event, { reason, hint });
    return undefined;
  }
}

function connections(
  { context: { config, log, pace, dryRun }, clock, zeromq, ...others }:
    BanSourceOptions,
  { membership, place }: NodeIdentity,
  condition: () => NodeCondition,
) {
  const { addresses } = membership;
  const session = new ControlClient({
    ...others.orders,
    clock,
    log,
    version: others.version,
    place,
    condition,
    pace,
    onIgnore: others.onIgnore,
    connect: () =>
      connectToAny(addresses, (url, reconnectMaxMs) =>
        zeromq.dealer(url, {
          reconnectMaxMs,
          maxMessageBytes: MAX_CONTROL_BYTES,
          security: membership.security,
        })),
    node: config.general.hostName,
    role: "subscriber",
    unban: unbanHere(
      config.general.localUnban && !dryRun,
      config.fail2banSocket,
      log,
    ),
    move: membership.move,
    onWelcome: () => {
      if (addresses.noteWelcome()) listener.renew();
    },
    explain: silenceExplainer(membership, config.general),
    token: () => membership.token,
  });
  const listener: StreamListener = new StreamListener({
    clock,
    log,
    // Stream and session must use the same publisher, so a new one is searched
    // for both.
    ...(addresses.areSeveral ? { silenceMs: SEVERAL_SILENCE_MS } : {}),
    onSilence: () => {
      if (addresses.areSeveral) session.renew();
    },
    connect: () =>
      zeromq.subscriber(addresses.nextStreamUrl(), "", {
        maxMessageBytes: MAX_STREAM_BYTES,
        receiveQueueMessages: STREAM_QUEUE_LIMIT,
        security: membership.security,
      }),
  });
  return { session, listener };
}

/** An unreadable replica is no loss: the publisher has the table. */
function tellSetAside(
  { context: { log } }: BanSourceOptions,
  disk: SqliteReplicaStore | undefined,
): void {
  const { quarantine } = disk ?? {};
  if (quarantine === undefined) return;
  const event = "the copy of the bans can't be read, and is asked for";
  log.record("warning", event, { ...quarantine });
}
