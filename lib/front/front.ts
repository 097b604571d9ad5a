/**
 * A public port of the publisher: takes connections, keeps them within bounds,
 * hands their bytes on to a ZeroMQ socket, and can cut any one of them.
 *
 * @module
 */

import { TaskSet } from "../async/task_set.ts";
import { runTogether } from "../async/tasks.ts";
import type { LoopTurn } from "../async/loop_turn.ts";
import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import type { Log } from "../log/log.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { ByteLimits } from "./byte_budget.ts";
import type { Opening } from "./curve_opening.ts";
import { HandedConnection } from "./handed_connection.ts";
import type { InnerEndpoints } from "./inner_endpoints.ts";
import { type ConnectionLimits, OpenConnections } from "./open_connections.ts";
import { SharedRates } from "./shared_rates.ts";
import type {
  ConnectInner,
  InnerEndpoint,
  PeerConnection,
  PeerListener,
} from "./ports.ts";

/** Bounds of a port. */
export interface FrontLimits extends ConnectionLimits {
  /** What a peer may say. */
  readonly bytes: ByteLimits;
  /** How long a peer may take nothing, in milliseconds. @default {20000} */
  readonly stallMs?: number;
}

/** Where bytes are handed on to. */
export type InnerAddress =
  /** An endpoint for each handshake: libzmq asks who it is. */
  | {
    readonly kind: "asked";
    readonly endpoints: InnerEndpoints;
    /** Who has not begun so is not handed on. */
    readonly opening: Opening;
  }
  /** One for all: nobody has a name. */
  | { readonly kind: "open"; readonly path: string };

/** Options for {@link Front}. */
export interface FrontOptions {
  readonly listener: PeerListener;
  readonly inner: InnerAddress;
  readonly connect: ConnectInner;
  readonly limits: FrontLimits;
  readonly clock: Clock;
  readonly turn: LoopTurn;
  readonly log: Log;
}

/** What a port did so far. */
export interface FrontCounters {
  /** Connections that were turned away for want of room. */
  turnedAway: number;
  /** Handshakes that were cut to make room. */
  replaced: number;
  /** Peers that were cut since they said more than they may. */
  saidTooMuch: number;
  /** Peers that were cut since they took nothing. */
  tookNothing: number;
}

/** A connection that libzmq asks about. */
export interface AskedConnection {
  /** The peer's real address. */
  readonly address: string;
  /** Says that the peer is a member. */
  letIn(node: HostName): void;
}

/** A port whose connections belong to members. */
export interface MemberConnections {
  /** The connection that shakes hands under a ZAP domain. */
  asked(zapDomain: string): AskedConnection | undefined;
  /** Cuts the connections of a member. @returns How many. */
  cut(node: HostName): number;
}

interface Shaking {
  readonly connection: HandedConnection;
  readonly endpoint: InnerEndpoint;
  /** Whether libzmq has asked about it, which it does once. */
  wasAsked: boolean;
}

/** Connections that are taken before others have their turn, and how long that is: some 4,000 a second. */
const TAKEN_IN_A_TURN = 8;
const OTHERS_TURN_MS = 2;
/** Pause after a connection that could not be taken, such as for want of descriptors. */
const ACCEPT_PAUSE_MS = 100;
/** Interval between looks for peers that take nothing, and for what can be forgotten. */
const LOOK_INTERVAL_MS = 1_000;
/** A peer of ZeroMQ's that takes nothing for so long is cut; libzmq's heartbeat gives up before. */
const STALL_TIMEOUT_MS = 20_000;
/** Who has not said HELLO is cut after so long, by the next look; from then on libzmq gives it as long again. */
const OPENING_TIMEOUT_MS = 2_000;
/** Pumps have so long to end once ZeroMQ's sockets are closed. */
const CLOSING_TIMEOUT_MS = 500;
/**
 * Nobody is asked about who has said less: ZMTP's greeting (64 bytes) and
 * CURVE's HELLO (202) and INITIATE (257 or more).
 */
const MIN_HANDSHAKE_BYTES = 523;

/** Serves a port with {@link Front.run}. */
export class Front implements MemberConnections, AsyncDisposable {
  /** What was done so far. */
  readonly counters: FrontCounters = {
    turnedAway: 0,
    replaced: 0,
    saidTooMuch: 0,
    tookNothing: 0,
  };
  readonly #options: FrontOptions;
  readonly #open: OpenConnections;
  readonly #rates: SharedRates;
  readonly #toldRates: SharedRates | undefined;
  /** By ZAP domain. */
  readonly #shaking = new Map<string, Shaking>();
  readonly #pumps = new TaskSet();
  readonly #throttled: LogThrottle;

  /** @param options See {@link FrontOptions}. */
  constructor(options: FrontOptions) {
    this.#options = options;
    this.#open = new OpenConnections(options.limits);
    const { rate, toldRate } = options.limits.bytes;
    this.#rates = new SharedRates(rate);
    this.#toldRates = toldRate && new SharedRates(toldRate);
    this.#throttled = new LogThrottle(options.log, options.clock);
  }

  /** Connections now. */
  get size(): number {
    return this.#open.size;
  }

  /** Connections at most. */
  get max(): number {
    return this.#options.limits.maxOpen;
  }

  asked(zapDomain: string): AskedConnection | undefined {
    const shaking = this.#shaking.get(zapDomain);
    if (shaking === undefined) return undefined;
    const { connection } = shaking;
    if (connection.handshakeBytes < MIN_HANDSHAKE_BYTES) return undefined;
    shaking.wasAsked = true;
    if (connection.isCut) return undefined;
    return {
      address: connection.address,
      letIn: (node) => this.#letIn(connection, zapDomain, node),
    };
  }

  cut(node: HostName): number {
    const open = this.#open.of(node);
    for (const connection of open) connection.cut();
    return open.length;
  }

  /**
   * Takes connections until aborted; those that it has go on until disposal.
   *
   * @param signal Ends it; the promise then rejects with its reason or resolves.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { listener } = this.#options;
    const close = () => listener.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      await runTogether(signal, [
        (group) => this.#accept(group),
        (group) => this.#look(group),
        (group) => this.#pumps.failed(group),
      ]);
    } finally {
      signal.removeEventListener("abort", close);
      listener.close();
      this.#throttled.flush();
    }
  }

  /** Ends all connections. ZeroMQ's sockets must be closed before. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, listener } = this.#options;
    listener.close();
    const late = new AbortController();
    const ended = this.#pumps.run(late.signal, () => Promise.resolve())
      .finally(() => late.abort());
    await clock.delay(CLOSING_TIMEOUT_MS, late.signal).catch(() => {});
    for (const connection of this.#open) connection.cut();
    // Up to Deno 2.6 closing a connection does not end a write that waits for
    // the peer: there is nothing that would be worth waiting for.
    const given = new AbortController();
    await Promise.race([
      ended.finally(() => given.abort()),
      clock.delay(CLOSING_TIMEOUT_MS, given.signal).catch(() => {}),
    ]);
  }

  async #accept(signal: AbortSignal): Promise<void> {
    const { listener, clock } = this.#options;
    for (let taken = 1; !signal.aborted; taken++) {
      if (taken % TAKEN_IN_A_TURN === 0) {
        await clock.delay(OTHERS_TURN_MS, signal);
      }
      try {
        const peer = await listener.accept();
        if (peer === undefined) return;
        // Whoever gives up at once, again and again, holds nobody else up.
        if (peer !== "gone") this.#take(peer);
      } catch (error) {
        if (!(error instanceof RuntimeError)) throw error;
        this.#throttled.record("error", "no connection can be taken", {
          reason: error.message,
          hint: error.hint,
        });
        await clock.delay(ACCEPT_PAUSE_MS, signal);
      }
    }
  }

  #take(peer: PeerConnection): void {
    const { limits, clock, turn } = this.#options;
    const entry = this.#open.judge(peer.address, clock.monotonicMs());
    if (entry.kind === "turn away") {
      peer.close();
      return this.#turnAway(peer.address, entry.why);
    }
    if (entry.kind === "replace") {
      this.counters.replaced++;
      entry.oldest.cut();
      this.#open.replace(entry.oldest);
    }
    const connection: HandedConnection = new HandedConnection({
      ...{ peer, clock, turn, limits: limits.bytes },
      ...{ rates: this.#rates, toldRates: this.#toldRates },
      onTooMuch: () => this.#tellOfTooMuch(connection),
    });
    this.#open.add(connection, this.#options.inner.kind === "asked");
    this.#pumps.add(() => this.#serve(connection));
  }

  async #serve(connection: HandedConnection): Promise<void> {
    const { inner } = this.#options;
    try {
      switch (inner.kind) {
        case "open":
          await this.#handOn(connection, inner.path);
          break;
        case "asked":
          await this.#shakeHands(connection, inner);
      }
    } finally {
      connection.cut();
      this.#open.remove(connection);
    }
  }

  async #shakeHands(
    connection: HandedConnection,
    { endpoints, opening }: Extract<InnerAddress, { kind: "asked" }>,
  ): Promise<void> {
    if (!await connection.opens(opening)) return;
    const endpoint = this.#endpointFor(connection, endpoints);
    if (endpoint === undefined) return;
    this.#shaking.set(endpoint.zapDomain, {
      ...{ connection, endpoint, wasAsked: false },
    });
    try {
      await this.#handOn(connection, endpoint.path);
    } finally {
      connection.cut();
      this.#leave(endpoint, connection);
    }
  }

  #endpointFor(connection: HandedConnection, endpoints: InnerEndpoints) {
    try {
      const endpoint = endpoints.take();
      if (endpoint === undefined) {
        this.#turnAway(connection.address, "handshakes");
      }
      return endpoint;
    } catch (error) {
      this.#tellOfFailure(error);
      return undefined;
    }
  }

  async #handOn(connection: HandedConnection, path: string): Promise<void> {
    try {
      const { connect } = this.#options;
      await connection.run(await connect(path, connection.address));
    } catch (error) {
      this.#tellOfFailure(error);
    }
  }

  #tellOfFailure(error: unknown): void {
    if (!(error instanceof RuntimeError)) throw error;
    this.#throttled.record("error", "a connection can't be handed on", {
      reason: error.message,
      hint: error.hint,
    });
  }

  /** libzmq has closed it, so whether there is a question about it does not change any more. */
  #leave(endpoint: InnerEndpoint, connection: HandedConnection): void {
    const { inner } = this.#options;
    if (inner.kind !== "asked") return;
    const shaking = this.#shaking.get(endpoint.zapDomain);
    if (shaking?.connection === connection) {
      this.#shaking.delete(endpoint.zapDomain);
      const mayBeAsked = !shaking.wasAsked &&
        connection.handshakeBytes >= MIN_HANDSHAKE_BYTES;
      if (mayBeAsked) inner.endpoints.retire(endpoint);
      else inner.endpoints.giveBack(endpoint);
    }
    inner.endpoints.leave(endpoint);
  }

  #letIn(connection: HandedConnection, zapDomain: string, node: HostName) {
    connection.letIn(node);
    this.#free(zapDomain);
    const surplus = this.#open.settleAs(connection, node);
    if (surplus === undefined) return;
    surplus.cut();
    this.#throttled.record("warning", "connection cut: the node has too many", {
      ...{ node, address: surplus.address },
    });
  }

  /** Another may shake hands at an endpoint: libzmq asks about nobody twice. */
  #free(zapDomain: string): void {
    const { inner } = this.#options;
    const shaking = this.#shaking.get(zapDomain);
    if (shaking === undefined || inner.kind !== "asked") return;
    this.#shaking.delete(zapDomain);
    inner.endpoints.giveBack(shaking.endpoint);
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, limits: { stallMs = STALL_TIMEOUT_MS } } = this.#options;
    while (true) {
      await clock.delay(LOOK_INTERVAL_MS, signal);
      const nowMs = clock.monotonicMs();
      this.#cutStalled(nowMs - stallMs);
      this.#cutSilent(nowMs - OPENING_TIMEOUT_MS);
      this.#rates.tidy(nowMs);
      this.#toldRates?.tidy(nowMs);
    }
  }

  #cutStalled(sinceMs: number): void {
    for (const connection of this.#open) {
      if ((connection.writingSinceMs ?? Infinity) > sinceMs) continue;
      if (connection.isCut) continue;
      this.counters.tookNothing++;
      connection.cut();
    }
  }

  #cutSilent(sinceMs: number): void {
    for (const connection of this.#open.shakingSince(sinceMs)) {
      if (connection.isOpening) connection.cut();
    }
  }

  #turnAway(address: string, why: string): void {
    this.counters.turnedAway++;
    this.#throttled.record("warning", "connection turned away: too many", {
      address,
      of: why,
    });
  }

  #tellOfTooMuch(connection: HandedConnection): void {
    this.counters.saidTooMuch++;
    this.#throttled.record("warning", "connection cut: it said too much", {
      address: connection.address,
      node: connection.node,
    });
  }
}
