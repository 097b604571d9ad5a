/**
 * A node's side of the control socket: what monitor and subscriber share.
 *
 * A session begins with HELLO and WELCOME over a connection of its own and ends
 * with it. So nothing that is received in one can belong to another: an answer
 * that comes late, after a session was given up, reaches nobody.
 *
 * @module
 */

import type { Epoch, NodeRole } from "../base/ids.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import {
  LostSessionError,
  NoAnswerError,
  type PublisherAnswer,
  type SessionHandler,
  type Welcome,
} from "./session.ts";
import { Backoff } from "../async/backoff.ts";
import { EitherSignal } from "../async/either_signal.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import type { HostName } from "../base/host_name.ts";
import { AdaptiveTimeout } from "./adaptive_timeout.ts";
import type { Clock } from "../async/clock.ts";
import type { Connect, MessageSocket } from "../zmq/ports.ts";
import type { Log } from "../log/log.ts";
import type { Explanation, SilenceStage } from "./silence.ts";
import { type Heard, outOfStep, receiveMessage } from "./receive_message.ts";
import { REFUSALS, remedyFor, STUMBLES } from "./session_errors.ts";
import { inTime } from "../async/tasks.ts";
import { encodeNodeMessage } from "../wire/v2.ts";

/** Options for {@link ControlClient}. */
export interface ControlClientOptions {
  /** Opens a connection (a DEALER) to the publisher's control socket. */
  readonly connect: Connect;
  /** Time. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** This node's name. */
  readonly node: HostName;
  /** What the connection is for. */
  readonly role: NodeRole;
  /** The secret; asked for in each session. */
  readonly token: () => string;
  /** This program's version. */
  readonly version: string;
  /** Called with the cluster's allowlist after each WELCOME, and when it changes. @default {it is ignored} */
  readonly onIgnore?: (list: Allowlist) => void;
  /**
   * Finds out why nobody answers, while the client pauses. Never rejects.
   * @default {it is not known}
   */
  readonly explain?: (stage: SilenceStage) => Promise<Explanation | undefined>;
  /** Timeout for a WELCOME, after which the connection is given up. @default {2000} */
  readonly replyTimeoutMs?: number;
  /** Pause before the first new connection; doubled each time. @default {100} */
  readonly firstPauseMs?: number;
  /** Longest pause before a new connection. @default {5000} */
  readonly maxPauseMs?: number;
  /** Pause after a refusal that only an operator can fix: a token, a protocol. @default {30000} */
  readonly refusedPauseMs?: number;
}

/** What has been done so far. */
export interface ControlClientCounters {
  /** Sessions that began: the publisher said WELCOME. */
  sessions: number;
  /** Connections given up. */
  lost: number;
}

/**
 * Keeps up sessions with the publisher, one after the other. It guarantees:
 *
 * - Each session has a connection of its own, which is closed before the next
 *   one is opened. What a session has sent and not seen answered has to be sent
 *   again in the next one; the publisher may have it already.
 * - After a loss comes a pause: the first, doubled each time up to the longest,
 *   and the first again once a session has brought an answer or lasted for as
 *   long as the longest. After a refusal that only an operator can fix it is the
 *   pause for those.
 * - Trouble is logged once, however often it is tried, and so is its end. That
 *   the publisher does not know the session is no trouble: it was restarted.
 * - An epoch other than the one before is logged. What it means is for the
 *   session's handler: the welcome has it.
 */
export class ControlClient {
  /** What was done so far. */
  readonly counters: ControlClientCounters = { sessions: 0, lost: 0 };
  /** Timeout for answers; handlers of sessions use it, too. */
  readonly answerTimeout: AdaptiveTimeout = new AdaptiveTimeout();
  readonly #options: Required<ControlClientOptions>;
  /** No answer, no understanding: over with a WELCOME. */
  readonly #absence: TroubleLog;
  /** A publisher that answers and can't do what it is asked. */
  readonly #stumbling: TroubleLog;
  #renewal = new AbortController();
  #epoch: Epoch | undefined;
  #reachable = false;
  #answered = false;
  #welcomedMs: number | undefined;
  #allowlist: number | undefined;

  /**
   * Makes a client; it connects once it runs.
   *
   * @param options See {@link ControlClientOptions}.
   */
  constructor(options: ControlClientOptions) {
    this.#options = {
      replyTimeoutMs: 2_000,
      firstPauseMs: 100,
      maxPauseMs: 5_000,
      refusedPauseMs: 30_000,
      onIgnore: () => {},
      explain: () => Promise.resolve(undefined),
      ...options,
    };
    const { log, clock } = this.#options;
    this.#absence = new TroubleLog({
      log,
      clock,
      trouble: "no conversation with the publisher",
      over: "the publisher answers again",
    });
    this.#stumbling = new TroubleLog({
      log,
      clock,
      trouble: "the publisher can't take anything",
      over: "the publisher takes what it is sent again",
    });
  }

  /** Revision of the last allowlist that came; `undefined`: none has yet. */
  get allowlist(): number | undefined {
    return this.#allowlist;
  }

  /** Whether the publisher serves this node, as far as one can tell. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /**
   * Keeps up sessions until aborted. Called once.
   *
   * @param signal Ends it; the promise then resolves.
   * @param handler Called with each session.
   * @throws what `handler` throws, but for a {@link LostSessionError}.
   */
  async run(signal: AbortSignal, handler: SessionHandler): Promise<void> {
    const { clock, refusedPauseMs } = this.#options;
    const backoff = new Backoff(this.#options);
    while (!signal.aborted) {
      const { signal: renewal } = this.#renewal;
      using ended = new EitherSignal([signal, renewal]);
      const loss = await this.#runSession(ended.signal, handler);
      if (loss !== undefined) {
        this.#noteLoss(loss);
        if (this.#hasHeld()) backoff.reset();
        const isRefusal = REFUSALS.includes(loss.code);
        const pauseMs = backoff.next();
        const pause = clock.delay(
          isRefusal ? refusedPauseMs : pauseMs,
          ended.signal,
        ).catch((reason) => {
          if (reason !== ended.signal.reason) throw reason;
        });
        await Promise.all([pause, this.#tell(loss)]);
      } else if (!renewal.aborted) return;
      if (renewal.aborted) backoff.reset();
    }
  }

  /**
   * Ends the session, or the pause, and begins another at once: the address or
   * the keys have changed.
   */
  renew(): void {
    this.#renewal.abort();
    this.#renewal = new AbortController();
  }

  /** One session. @returns Why it ended; `undefined` on abort. */
  async #runSession(
    signal: AbortSignal,
    handler: SessionHandler,
  ): Promise<LostSessionError | undefined> {
    this.#answered = false;
    this.#welcomedMs = undefined;
    try {
      await using socket = this.#options.connect();
      const welcome = await this.#sayHello(socket, signal);
      this.#noteWelcome(welcome);
      await handler({
        welcome,
        send: (message, ended) =>
          socket.send(encodeNodeMessage(message), ended),
        receive: (ended, withinMs) => this.#receive(socket, ended, withinMs),
      }, signal);
      return undefined;
    } catch (error) {
      if (error instanceof LostSessionError) return error;
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }

  async #sayHello(
    socket: MessageSocket,
    signal: AbortSignal,
  ): Promise<Welcome> {
    const { clock, node, role, token, version, replyTimeoutMs } = this.#options;
    const hello = encodeNodeMessage({
      kind: "HELLO",
      node,
      role,
      version,
      token: token(),
    });
    // Until a connection stands it takes several ways there and back.
    const sent = await inTime(clock, replyTimeoutMs, signal, async (ended) => {
      await socket.send(hello, ended);
      return true;
    });
    const answer = (ended: AbortSignal) => receiveMessage(socket, ended);
    const message = sent === undefined
      ? undefined
      : await inTime(clock, replyTimeoutMs, signal, answer);
    if (message === undefined) {
      throw new NoAnswerError(sent === undefined ? "connection" : "answer");
    }
    if (message.kind !== "WELCOME") throw outOfStep(message);
    return message;
  }

  async #receive(
    socket: MessageSocket,
    signal: AbortSignal,
    withinMs?: number,
  ): Promise<PublisherAnswer> {
    const message = withinMs === undefined
      ? await this.#next(socket, signal)
      : await inTime(
        this.#options.clock,
        this.answerTimeout.of(withinMs),
        signal,
        (ended) => this.#next(socket, ended),
      );
    if (message === undefined) throw new NoAnswerError();
    if (message.kind === "WELCOME") throw outOfStep(message);
    this.#answered = true;
    this.#stumbling.resolve();
    return message;
  }

  /** The next message that is an answer; the allowlist comes unasked. */
  async #next(
    socket: MessageSocket,
    signal: AbortSignal,
  ): Promise<Exclude<Heard, { readonly kind: "IGNORE" }>> {
    while (true) {
      const message = await receiveMessage(socket, signal);
      if (message.kind !== "IGNORE") return message;
      this.#noteAllowlist(message);
    }
  }

  #noteAllowlist({ revision, ignore }: Allowlist): void {
    this.#allowlist = revision;
    this.#options.onIgnore({ revision, ignore });
  }

  #noteWelcome(welcome: Welcome): void {
    const { epoch } = welcome;
    this.#noteAllowlist(welcome);
    this.counters.sessions++;
    this.#reachable = true;
    this.#welcomedMs = this.#options.clock.monotonicMs();
    this.#absence.resolve();
    if (this.#epoch !== undefined && this.#epoch !== epoch) {
      this.#options.log.record("warning", "the publisher has another store", {
        before: this.#epoch,
        now: epoch,
      });
    }
    this.#epoch = epoch;
  }

  #noteLoss(loss: LostSessionError): void {
    const { code } = loss;
    this.counters.lost++;
    const wasWelcome = this.#welcomedMs !== undefined;
    if (wasWelcome && loss instanceof NoAnswerError) {
      this.answerTimeout.noteTimeout({ answered: this.#answered });
    }
    if (code === "session") {
      this.#options.log.record("info", "the publisher was restarted");
      return;
    }
    this.#reachable = false;
  }

  /** Says what was lost, once for each reason. */
  async #tell(loss: LostSessionError): Promise<void> {
    const { code, message } = loss;
    if (code === "session") return;
    if (loss instanceof NoAnswerError) {
      const explanation = await this.#options.explain(loss.stage);
      const { reason = message, hint } = explanation ?? {};
      this.#absence.report(reason, hint === undefined ? {} : { hint });
      return;
    }
    const troubleLog = STUMBLES.includes(code)
      ? this.#stumbling
      : this.#absence;
    const hint = remedyFor(code, this.#options.node);
    troubleLog.report(message, hint === undefined ? {} : { hint });
  }

  /** Whether the session was good for something: the next pause is short then. */
  #hasHeld(): boolean {
    const { clock, maxPauseMs } = this.#options;
    return this.#answered ||
      this.#welcomedMs !== undefined &&
        clock.monotonicMs() - this.#welcomedMs >= maxPauseMs;
  }
}
