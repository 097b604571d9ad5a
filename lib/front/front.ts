/**
 * A public port of the publisher: takes connections within limits, hands their
 * bytes on to a ZeroMQ socket, and can cut any connection.
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

/** Limits of a port. */
export interface FrontLimits extends ConnectionLimits {
  /** Limits for the bytes of a peer. */
  readonly bytes: ByteLimits;
  /** How long a peer may read nothing, in milliseconds. @default {20000} */
  readonly stallMs?: number;
}

/** Where bytes are handed on. */
export type InnerAddress =
  /** An endpoint for each handshake, because libzmq asks who the peer is. */
  | {
    readonly kind: "asked";
    readonly endpoints: InnerEndpoints;
    /** A peer is handed on only once it has sent this. */
    readonly opening: Opening;
  }
  /** One path for all peers: they have no names. */
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

/** What a port has done so far. */
export interface FrontCounters {
  /** Connections that were turned away because a limit was reached. */
  turnedAway: number;
  /** Handshakes that were cut to make room. */
  replaced: number;
  /** Peers that were cut because they sent too much. */
  saidTooMuch: number;
  /** Peers that were cut because they read nothing. */
  tookNothing: number;
}

/** A connection that libzmq asks about. */
export interface AskedConnection {
  /** The peer's real address. */
  readonly address: string;
  /** Records that the peer is a member. */
  letIn(node: HostName): void;
}

/** A port whose connections belong to members. */
export interface MemberConnections {
  /** The connection in handshake under a ZAP domain. */
  asked(zapDomain: string): AskedConnection | undefined;
  /** Cuts the connections of a member. @returns Their number. */
  cut(node: HostName): number;
}

interface Shaking {
  readonly connection: HandedConnection;
  readonly endpoint: InnerEndpoint;
  /** Whether libzmq has asked about it, which it does once. */
  wasAsked: boolean;
}

/** Connections taken before a pause for other work: some 4,000 a second. */
const TAKEN_IN_A_TURN = 8;
const OTHERS_TURN_MS = 2;
/** Pause after a connection could not be taken. */
const ACCEPT_PAUSE_MS = 100;
/** Interval between sweeps for stalled peers and forgettable rates. */
const LOOK_INTERVAL_MS = 1_000;
/** Default of `stallMs`; libzmq's heartbeat gives up before. */
const STALL_TIMEOUT_MS = 20_000;
/** Timeout for a peer's HELLO; libzmq then allows the same time again. */
const OPENING_TIMEOUT_MS = 2_000;
/** Time for the pumps to end once ZeroMQ's sockets are closed. */
const CLOSING_TIMEOUT_MS = 500;
/**
 * libzmq does not ask about a peer that has sent fewer bytes: ZMTP's greeting
 * (64), CURVE's HELLO (202) and INITIATE (257 or more).
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

  /** Number of connections. */
  get size(): number {
    return this.#open.size;
  }

  /** Maximum number of connections. */
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
   * Takes connections until aborted; open ones stay until disposal.
   *
   * @param signal Ends it; the promise then rejects with its reason or
   * resolves.
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

  /** Ends all connections. ZeroMQ's sockets must be closed first. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { clock, listener } = this.#options;
    listener.close();
    const late = new AbortController();
    const ended = this.#pumps.run(late.signal, () => Promise.resolve())
      .finally(() => late.abort());
    await clock.delay(CLOSING_TIMEOUT_MS, late.signal).catch(() => {});
    for (const connection of this.#open) connection.cut();
    // Up to Deno 2.6, closing a connection does not end a write that waits for
    // the peer; such a write is not worth waiting for.
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
        // A peer that connects and gives up repeatedly delays nobody else.
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

  /** Called once libzmq has closed the connection: it asks no new question. */
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

  /**
   * Frees an endpoint for another handshake: libzmq asks about nobody twice.
   */
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
