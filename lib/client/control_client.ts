/**
 * A node's side of the control socket: what monitor and subscriber share.
 *
 * A session begins with HELLO and WELCOME on a connection of its own and ends
 * with it. So no message of one session can be taken for one of another: an
 * answer that comes after the client gave up its session reaches nobody.
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

/** Pause while another host uses this node's join code, in milliseconds. */
const TWIN_PAUSE_MS = 5_000;
/**
 * Longest time for connecting, as a multiple of the timeout for an answer: with
 * encryption it takes 3.5 round trips, and a satellite's takes 0.7 s.
 */
const MAX_CONNECT_TIMES = 4;

/**
 * Maintains sessions with the publisher, one after the other. It guarantees:
 *
 * - Each session has its own connection, which is closed before the next one is
 *   opened. Messages that were not acknowledged in a session have to be sent
 *   again in the next one; the publisher may have them already.
 * - The client pauses after a loss. The pause doubles each time up to a
 *   maximum, and starts again from the first after a session that brought an
 *   answer or lasted at least the maximum. After a refusal that only an
 *   operator can fix, the client takes a longer, fixed pause.
 * - The time for connecting doubles up to a maximum, where somebody accepts the
 *   connection and no handshake comes to its end: a line may be slow. Elsewhere
 *   short attempts are better: another address may answer.
 * - Each trouble is logged once, however many attempts fail, and so is its end.
 *   If the publisher does not know the session, this is no trouble: it was
 *   restarted, or the connection was renewed.
 * - The client reports the program's condition, as `state_teller.ts` says, and
 *   sends BYE when it ends a session itself.
 * - The publisher answers these reports, so a session in which the client hears
 *   nothing for a while is lost, even if nothing was requested.
 * - A change of the epoch is logged. The session's handler sees it in the
 *   WELCOME and acts on it.
 */
export class ControlClient {
  /** Counters since the start. */
  readonly counters: ControlClientCounters = { sessions: 0, lost: 0 };
  /** Timeout for answers, which the handlers of sessions also use. */
  readonly answerTimeout: AdaptiveTimeout = new AdaptiveTimeout();
  /**
   * Carries out operators' orders, including those that do not come in the
   * session.
   */
  readonly orders: NodeOrders;
  readonly #options: Required<
    Omit<ControlClientOptions, keyof OrdersHere | "move">
  >;
  readonly #troubles: SessionTroubles;
  readonly #teller: StateTeller;
  readonly #moves: MoveOrders;
  readonly #publisher: KnownPublisher;
  /** Fed by every message of a session. */
  readonly #hearing: Watchdog;
  readonly #connectTimeout = new AdaptiveTimeout(MAX_CONNECT_TIMES);
  #renewal = new AbortController();
  #reachable = false;
  #answered = false;
  #welcomedMs: number | undefined;
  #allowlist: number | undefined;

  /**
   * Creates a client, which connects when it runs.
   *
   * @param options See {@link ControlClientOptions}.
   */
  constructor(options: ControlClientOptions) {
    this.#options = {
      replyTimeoutMs: 2_000,
      firstPauseMs: 100,
      maxPauseMs: 2_000,
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
    this.#troubles = new SessionTroubles({
      ...this.#options,
      explain: async (stage) => {
        const found = await this.#options.explain(stage);
        // Waiting longer helps only where somebody accepts the connection.
        if (stage === "connection" && found?.isReached !== false) {
          this.#connectTimeout.note({ answered: false });
        }
        return found;
      },
    });
  }

  /** Revision of the last received allowlist; `undefined`: none yet. */
  get allowlist(): number | undefined {
    return this.#allowlist;
  }

  /** Facts about the publisher for `status`. */
  get figures(): PublisherFigures {
    return this.#publisher.figures(this.#allowlist, this.#troubles.current);
  }

  /** Whether the publisher serves this node, as far as the client knows. */
  get reachable(): boolean {
    return this.#reachable;
  }

  /**
   * Maintains sessions until aborted. Call it once.
   *
   * @param signal Ends it; the promise then resolves.
   * @param handler Called with each session.
   * @throws what `handler` throws, except a {@link LostSessionError}.
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
        // A probe of a dead host takes seconds; another publisher may answer sooner.
        const before = told;
        told = before.then(() =>
          signal.aborted ? undefined : this.#troubles.tell(loss)
        );
        await Promise.all([pause, before]);
      } else if (!renewal.aborted) break;
      if (renewal.aborted) backoff.reset();
    }
    await told;
  }

  /**
   * Ends the session or the pause, and begins another session at once, because
   * the address or the keys have changed.
   */
  renew(): void {
    this.#renewal.abort();
    this.#renewal = new AbortController();
  }

  /** Runs one session. @returns Why it ended; `undefined` on abort. */
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

  /** The handler leads the conversation; reports and orders run beside it. */
  async #converse(
    socket: MessageSocket,
    welcome: Welcome,
    signal: AbortSignal,
    handler: SessionHandler,
  ): Promise<void> {
    const { session } = welcome;
    // A socket sends one message at a time.
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
    const { refusedPauseMs } = this.#options;
    if (code === "twin") return TWIN_PAUSE_MS;
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
    // Connecting takes several round trips, so sending has its own timeout.
    const connectMs = this.#connectTimeout.of(replyTimeoutMs);
    const begunMs = clock.monotonicMs();
    const sent = await inTime(clock, connectMs, signal, async (ended) => {
      await socket.send(hello, ended);
      return true;
    });
    const tookMs = clock.monotonicMs() - begunMs;
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
    this.#connectTimeout.noteSuccess(replyTimeoutMs, tookMs);
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

  /** The next message for the handler; the client handles all others itself. */
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
          // It confirms only that the report arrived.
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
      this.answerTimeout.note({ answered: this.#answered });
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

  /** Whether the session was useful, so that the next pause is short. */
  #hasHeld(): boolean {
    const { clock, maxPauseMs } = this.#options;
    return this.#answered ||
      this.#welcomedMs !== undefined &&
        clock.monotonicMs() - this.#welcomedMs >= maxPauseMs;
  }
}
