/**
 * A node's side of the control socket: what monitor and subscriber share.
 *
 * A session begins with HELLO and WELCOME over a connection of its own and ends
 * with it. So nothing that is received in one can belong to another: an answer
 * that comes late, after a session was given up, reaches nobody.
 *
 * @module
 */

import {
  LostSessionError,
  NoAnswerError,
  type PublisherAnswer,
  type SessionHandler,
  SilentSessionError,
  type Welcome,
} from "./session.ts";
import { Backoff } from "../async/backoff.ts";
import { EitherSignal } from "../async/either_signal.ts";
import type { Allowlist } from "../protection/allowlist.ts";
import { AdaptiveTimeout } from "./adaptive_timeout.ts";
import type {
  ControlClientCounters,
  ControlClientOptions,
} from "./client_options.ts";
import { StateTeller } from "./state_teller.ts";
import type { MessageSocket } from "../zmq/ports.ts";
import { outOfStep, receiveMessage } from "./receive_message.ts";
import { REASONS, REFUSALS } from "./session_errors.ts";
import { KnownPublisher, type PublisherFigures } from "./known_publisher.ts";
import { SessionTroubles } from "./session_troubles.ts";
import { Mutex } from "../async/mutex.ts";
import { inTime, runTogether } from "../async/tasks.ts";
import { sayBye } from "./farewell.ts";
import { MoveOrders } from "./move_orders.ts";
import { NodeOrders, type OrdersHere } from "./node_orders.ts";
import { Watchdog } from "../async/watchdog.ts";
import { PRESENCE_PACE } from "../wire/presence_pace.ts";
import { SPOKEN } from "../wire/spoken_revisions.ts";
import type { NodeMessage } from "../wire/v2_messages.ts";
import { encodeNodeMessage } from "../wire/v2.ts";

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
 *   the publisher does not know the session is no trouble: it was restarted,
 *   or the connection was made anew.
 * - The publisher is told how the program is, as `state_teller.ts` says, and BYE
 *   where a session is ended from here.
 * - It answers that, so a session in which nothing is heard for a while is lost,
 *   even if nothing was asked.
 * - An epoch other than the one before is logged. What it means is for the
 *   session's handler: the welcome has it.
 */
export class ControlClient {
  /** What was done so far. */
  readonly counters: ControlClientCounters = { sessions: 0, lost: 0 };
  /** Timeout for answers; handlers of sessions use it, too. */
  readonly answerTimeout: AdaptiveTimeout = new AdaptiveTimeout();
  /** Takes what operators ask of this program, also by another way than the session. */
  readonly orders: NodeOrders;
  readonly #options: Required<
    Omit<ControlClientOptions, keyof OrdersHere | "move">
  >;
  readonly #troubles: SessionTroubles;
  readonly #teller: StateTeller;
  readonly #moves: MoveOrders;
  readonly #publisher: KnownPublisher;
  /** Fed by whatever is heard in a session. */
  readonly #hearing: Watchdog;
  #renewal = new AbortController();
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
      onWelcome: () => {},
      onIgnore: () => {},
      pace: PRESENCE_PACE,
      explain: () => Promise.resolve(undefined),
      ...options,
    };
    this.#teller = new StateTeller(options);
    this.orders = new NodeOrders({ ...options, pace: this.#options.pace });
    this.#moves = new MoveOrders(options.move);
    this.#hearing = new Watchdog(options.clock);
    this.#publisher = new KnownPublisher(options.clock, options.log);
    this.#troubles = new SessionTroubles(this.#options);
  }

  /** Revision of the last allowlist that came; `undefined`: none has yet. */
  get allowlist(): number | undefined {
    return this.#allowlist;
  }

  /** What is known of the publisher, for `status`. */
  get figures(): PublisherFigures {
    return this.#publisher.figures(this.#allowlist, this.#troubles.current);
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
    const { clock } = this.#options;
    const backoff = new Backoff(this.#options);
    let told = Promise.resolve();
    while (!signal.aborted) {
      const { signal: renewal } = this.#renewal;
      using ended = new EitherSignal([signal, renewal]);
      const loss = await this.#runSession(ended.signal, handler);
      if (loss !== undefined) {
        this.#noteLoss(loss);
        if (this.#hasHeld()) backoff.reset();
        const pauseMs = this.#pauseAfter(loss, backoff.next());
        const pause = clock.delay(pauseMs, ended.signal).catch((reason) => {
          if (reason !== ended.signal.reason) throw reason;
        });
        // A look why nobody answers takes seconds where a host is dead, and another publisher may answer.
        const before = told;
        told = before.then(() => this.#troubles.tell(loss));
        await Promise.all([pause, before]);
      } else if (!renewal.aborted) break;
      if (renewal.aborted) backoff.reset();
    }
    await told;
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
      try {
        await this.#converse(socket, welcome, signal, handler);
      } finally {
        if (signal.aborted) {
          await sayBye(socket, welcome.session, this.#options.clock);
        }
      }
      return undefined;
    } catch (error) {
      if (error instanceof LostSessionError) return error;
      if (signal.aborted && error === signal.reason) return undefined;
      throw error;
    }
  }

  /** The handler leads the conversation; how the program is, is told beside it, and answered. */
  async #converse(
    socket: MessageSocket,
    welcome: Welcome,
    signal: AbortSignal,
    handler: SessionHandler,
  ): Promise<void> {
    const { session } = welcome;
    // A socket takes one message at a time.
    const mutex = new Mutex();
    const send = (message: NodeMessage, ended: AbortSignal) =>
      mutex.withLock(
        ended,
        () => socket.send(encodeNodeMessage(message), ended),
      );
    await runTogether(signal, [
      (group) =>
        handler({
          welcome,
          send,
          receive: (ended, withinMs) => this.#receive(socket, ended, withinMs),
        }, group),
      (group) =>
        this.#teller.run(
          group,
          (state) => send({ kind: "STATE", session, state }, group),
        ),
      (group) => this.orders.run(group, session, send),
      (group) => this.#moves.run(group, session, send),
      (group) => this.#watchHearing(group),
    ]);
    signal.throwIfAborted();
  }

  async #watchHearing(signal: AbortSignal): Promise<void> {
    const { pace: { goneAfterMs } } = this.#options;
    this.#hearing.feed();
    await this.#hearing.expired(goneAfterMs, signal);
    throw new SilentSessionError(goneAfterMs);
  }

  #pauseAfter({ code }: LostSessionError, usualMs: number): number {
    const { refusedPauseMs, maxPauseMs } = this.#options;
    if (code === "twin") return maxPauseMs;
    return REFUSALS.includes(code) ? refusedPauseMs : usualMs;
  }

  async #sayHello(
    socket: MessageSocket,
    signal: AbortSignal,
  ): Promise<Welcome> {
    const { clock, node, role, token, version, place, replyTimeoutMs } =
      this.#options;
    const hello = encodeNodeMessage({
      kind: "HELLO",
      node,
      role,
      version,
      token: token(),
      speaks: SPOKEN,
      place,
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
    const { speaks } = message;
    if (speaks < SPOKEN.from || speaks > SPOKEN.to) {
      throw new LostSessionError(REASONS.version, "version", {
        cause: `it would speak revision ${speaks}`,
      });
    }
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
    this.#troubles.noteAnswer();
    return message;
  }

  /** The next message that answers the handler; the others are the client's own. */
  async #next(
    socket: MessageSocket,
    signal: AbortSignal,
  ): Promise<PublisherAnswer | Welcome> {
    while (true) {
      const message = await receiveMessage(socket, signal);
      this.#hearing.feed();
      switch (message.kind) {
        case "ASK":
          this.#teller.ask();
          break;
        case "IGNORE":
          this.#noteAllowlist(message);
          break;
        case "UNBAN":
        case "PROBE":
        case "DRILL":
          this.orders.put(message);
          break;
        case "MOVE":
          this.#moves.put(message);
          break;
        case "HEARD":
          // That it was heard is all that it says.
          break;
        default:
          return message;
      }
    }
  }

  #noteAllowlist({ revision, ignore }: Allowlist): void {
    this.#allowlist = revision;
    this.#options.onIgnore({ revision, ignore });
  }

  #noteWelcome(welcome: Welcome): void {
    this.#options.onWelcome();
    this.#publisher.noteWelcome(welcome);
    this.#noteAllowlist(welcome);
    this.counters.sessions++;
    this.#reachable = true;
    this.#welcomedMs = this.#options.clock.monotonicMs();
    this.#troubles.noteWelcome();
  }

  #noteLoss(loss: LostSessionError): void {
    this.counters.lost++;
    const wasWelcome = this.#welcomedMs !== undefined;
    if (wasWelcome && loss instanceof NoAnswerError) {
      this.answerTimeout.noteTimeout({ answered: this.#answered });
    }
    if (loss.code === "session") {
      this.#options.log.record(
        "info",
        "the session has ended, and another begins",
      );
      return;
    }
    this.#reachable = false;
  }

  /** Whether the session was good for something: the next pause is short then. */
  #hasHeld(): boolean {
    const { clock, maxPauseMs } = this.#options;
    return this.#answered ||
      this.#welcomedMs !== undefined &&
        clock.monotonicMs() - this.#welcomedMs >= maxPauseMs;
  }
}
