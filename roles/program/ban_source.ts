/**
 * Where a subscriber's bans come from, by the protocol that is configured.
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
  /** Takes what is to be acted on. */
  readonly queue: Pick<ActionQueue, "put">;
  readonly receipts: ReceiptQueue;
  /** Counts the refusals of all actions. */
  readonly protection: UpdateProtection;
  /** How each action that keeps bans in force stands. */
  readonly standings: () => readonly ActionStanding[];
  /** What operators may ask of this host beside an unban. */
  readonly orders: Pick<OrdersHere, "judge" | "drill">;
  /** Told the cluster's allowlist. */
  readonly onIgnore: (list: Allowlist) => void;
  /** Called when the whole table was taken over. */
  readonly onReplaced: () => void;
  /** This node, and what it takes. */
  readonly receiver: Receiver;
  /** Counts what is only observed. */
  readonly observed: ObservedBans;
  /** This program's version. */
  readonly version: string;
}

/** Hears of bans. */
export interface BanSource extends Disposable {
  /** Bans that are wanted already, as far as they are known from before, some at a time; not judged by protection yet. */
  wanted(): Iterable<readonly BanUpdate[]>;
  /** What it has done so far, for `status`. */
  readonly figures: StatusFigures;
  /** How the copy is; by protocol 1 there is none, and nothing to say against it. */
  readonly facts: ReplicaFacts;
  /** Resolves once it is known what is wanted. */
  whenKnown(signal: AbortSignal): Promise<void>;
  /** Hears until aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const NO_COPY: ReplicaFacts = {
  isKnown: true,
  isFollowing: true,
  isCopyKept: true,
  gaps: 0,
  snapshots: 0,
};
/** Limit of protocol 1's messages that wait while the actions are busy. */
const BROADCAST_QUEUE_LIMIT = 100_000;
/** The same of the stream, whose messages have up to 8 KiB. */
const STREAM_QUEUE_LIMIT = 10_000;
/** Two heartbeats are missing, and by then another one of several publishers takes over. */
const SILENCE_OF_SEVERAL_MS = 2.5 * HEARTBEAT_MS;

/**
 * Opens the source.
 *
 * @throws {ConfigError} when this host has not joined the cluster that it is to hear.
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

/** Who this host is. */
interface NodeIdentity {
  readonly membership: NodeMembership;
  /** Where its programs run. */
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

/** The publisher has the table: a disk that takes nothing delays nobody. */
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
    // Of several publishers another is active now, or will be: stream and session are at the same.
    ...(addresses.areSeveral ? { silenceMs: SILENCE_OF_SEVERAL_MS } : {}),
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

/** A copy that could not be read is no loss: the publisher has the table. */
function tellSetAside(
  { context: { log } }: BanSourceOptions,
  disk: SqliteReplicaStore | undefined,
): void {
  const { quarantine } = disk ?? {};
  if (quarantine === undefined) return;
  const event = "the copy of the bans can't be read, and is asked for";
  log.record("warning", event, { ...quarantine });
}
