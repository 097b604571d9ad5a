/**
 * A publisher and nodes of protocol 2 in one process, with a network in memory
 * that can be cut.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { BanUpdate } from "../../../lib/ban/ban_event.ts";
import type { SessionId } from "../../../lib/base/ids.ts";
import { ControlClient } from "../../../lib/client/control_client.ts";
import { BYE_MS } from "../../../lib/client/farewell.ts";
import type { BanStore } from "../../../lib/ban/ban_store.ts";
import type { Allowlist } from "../../../lib/protection/allowlist.ts";
import type { Protocol2Service } from "../../../lib/publisher/protocol2_server.ts";
import type { Frames, MessageSocket } from "../../../lib/zmq/ports.ts";
import {
  Publisher,
  type PublisherOptions,
} from "../../../lib/publisher/publisher.ts";
import { ReceiptQueue } from "../../../lib/subscriber/receipt_queue.ts";
import { ReplicaClient } from "../../../lib/subscriber/replica_client.ts";
import { tokenList } from "../../../lib/publisher/protocol1_tokens.ts";
import { SteadyClock } from "../../../lib/async/steady_clock.ts";
import { StreamListener } from "../../../lib/subscriber/stream_listener.ts";
import type { ActionState } from "../../../lib/wire/v2_messages.ts";
import { TAKE_ALL } from "../../../lib/choice/receiver_choice.ts";
import { host, NOTHING_OBSERVED, PLACE } from "../values/core_values.ts";
import { ManualClock, settled } from "./manual_clock.ts";
import { MemoryBanStore } from "./memory_ban_store.ts";
import { MemoryLog } from "./memory_log.ts";
import { MemoryReplicaStore } from "./memory_replica_store.ts";
import { memoryService } from "../cluster/members.ts";
import { MemorySocket } from "./memory_socket.ts";

/**
 * A connection's identity as from zeromq.js: a Buffer, which `String` decodes
 * as UTF-8.
 */
function routeOf(number: number): Uint8Array {
  return Buffer.of(0, 0x6b, 0x8b, number >> 8, number);
}

/** Connects dealers and subscribers with the current publisher. */
export class MemoryNetwork {
  /** Which messages of the stream get through. */
  hears: (frames: Frames) => boolean = () => true;
  /** Which messages to a node get through. */
  says: (frames: Frames) => boolean = () => true;
  /** Whether nothing gets through in either direction. */
  isCut = false;
  #router = new MemorySocket();
  /** The first routes are invalid UTF-8. */
  #routes = 0x7f;
  readonly #dealers = new Map<string, MemorySocket>();
  readonly #subscribers = new Set<MemorySocket>();

  /** Creates the sockets of a new publisher; the old ones are disconnected. */
  bind(): { control: MemorySocket; stream: MemorySocket } {
    const control = new MemorySocket();
    const stream = new MemorySocket();
    this.#router = control;
    control.onSend = ([route = new Uint8Array(), ...frames]) => {
      if (this.isCut || this.#router !== control || !this.says(frames)) return;
      this.#dealers.get(route.toHex())?.give(frames);
    };
    stream.onSend = (frames) => {
      if (this.isCut || this.#router !== control) return;
      for (const socket of this.#subscribers) {
        if (!socket.closed && this.hears(frames)) socket.give(frames);
      }
    };
    return { control, stream };
  }

  /** A DEALER. */
  readonly dealer = (): MessageSocket => {
    const route = routeOf(++this.#routes);
    const socket = new MemorySocket();
    this.#dealers.set(route.toHex(), socket);
    socket.onSend = (frames) => {
      if (this.isCut || socket.closed) return;
      this.#router.give([route, ...frames]);
    };
    return socket;
  };

  /** A SUB. */
  readonly subscriber = (): MessageSocket => {
    const socket = new MemorySocket();
    this.#subscribers.add(socket);
    return socket;
  };
}

/** Overrides of a publisher's options. */
export interface MemoryPublisherOptions extends Partial<PublisherOptions> {
  readonly service?: Partial<Protocol2Service>;
}

/** A running publisher. */
export class MemoryPublisherProgram implements AsyncDisposable {
  readonly publisher: Publisher;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    network: MemoryNetwork,
    store: BanStore,
    clock: ManualClock,
    { service, ...options }: MemoryPublisherOptions = {},
  ) {
    let sessions = 0;
    this.publisher = new Publisher({
      protocol1: {
        replies: new MemorySocket(),
        broadcasts: new MemorySocket(),
        tokens: () => tokenList(undefined),
      },
      protocol2: memoryService(network.bind(), service),
      store,
      clock,
      log: new MemoryLog(),
      protection: () => ({ minPrefix4Bits: 24, minPrefix6Bits: 48 }),
      hostName: host("hub"),
      version: "0.2.0",
      banTimeMs: 3_600_000,
      keepHistoryMs: 86_400_000,
      newSessionId: () => String(++sessions).padStart(32, "0") as SessionId,
      ...options,
    });
    this.#running = this.publisher.run(this.#stop.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

/** A running subscriber's replica, and the updates it received. */
export class MemorySubscriberProgram implements AsyncDisposable {
  readonly client: ReplicaClient;
  readonly news: BanUpdate[] = [];
  readonly log = new MemoryLog();
  readonly receipts = new ReceiptQueue();
  /** The program's steady clock. */
  readonly steady: SteadyClock;
  /** The allowlists that it received. */
  readonly allowlists: Allowlist[] = [];
  /** The state of its actions, which it reports. */
  actions: readonly ActionState[] = [];
  /** Accepts updates, possibly with a delay. */
  takes: (news: readonly BanUpdate[]) => Promise<void> = () =>
    Promise.resolve();
  readonly #stop = new AbortController();
  readonly #clock: ManualClock;
  readonly #running: Promise<void>;

  constructor(
    network: MemoryNetwork,
    store: MemoryReplicaStore,
    clock: ManualClock,
    name = "web1",
  ) {
    const { log, receipts } = this;
    this.#clock = clock;
    this.steady = new SteadyClock(clock);
    this.client = new ReplicaClient({
      session: new ControlClient({
        connect: network.dealer,
        clock,
        log,
        node: host(name),
        role: "subscriber",
        token: () => "",
        version: "1.0.0",
        place: PLACE,
        condition: () => ({
          kind: "subscriber",
          ...this.client.progress,
          actions: this.actions,
          choice: TAKE_ALL,
          observed: NOTHING_OBSERVED,
        }),
        onIgnore: (list) => this.allowlists.push(list),
      }),
      listener: new StreamListener({ connect: network.subscriber, clock, log }),
      store,
      receipts,
      clock: this.steady,
      log,
      receiver: { hostName: host(name), choice: TAKE_ALL },
      onUpdates: async (news) => {
        await this.takes(news);
        this.news.push(...news);
      },
    });
    this.#running = this.client.run(this.#stop.signal);
  }

  /** The updates as text; removes them. */
  told(): string[] {
    return this.news.splice(0).map(({ kind, origin, address }) =>
      `${kind} ${origin} ${address}`
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#clock.advance(BYE_MS);
    await this.#running;
  }
}

/** One network, one clock, and the publisher's store. */
export class MemoryCluster implements AsyncDisposable {
  readonly network = new MemoryNetwork();
  readonly clock = new ManualClock();
  store = new MemoryBanStore();
  readonly #held = new AsyncDisposableStack();

  /** Starts a publisher. */
  publisher(options: MemoryPublisherOptions = {}): MemoryPublisherProgram {
    const { network, store, clock } = this;
    store.reopen();
    return this.#held.use(
      new MemoryPublisherProgram(network, store, clock, options),
    );
  }

  /** Starts a subscriber. */
  subscriber(
    store = new MemoryReplicaStore(),
    name = "web1",
  ): MemorySubscriberProgram {
    return this.#held.use(
      new MemorySubscriberProgram(this.network, store, this.clock, name),
    );
  }

  /** Runs everything that needs no time to pass, in any number of steps. */
  async settle(): Promise<void> {
    for (let round = 0; round < 20; round++) await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync();
  }
}
