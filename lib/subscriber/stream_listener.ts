/**
 * Receives the publisher's stream, and reconnects when it falls silent.
 *
 * @module
 */

import { AdaptiveTimeout } from "../client/adaptive_timeout.ts";
import type { StreamMessage } from "../wire/v2_messages.ts";
import { HEARTBEAT_MS } from "../wire/presence_pace.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import { EitherSignal } from "../async/either_signal.ts";
import { LogThrottle } from "../log/log_throttle.ts";
import type { Clock } from "../async/clock.ts";
import type { Connect, Frames, MessageSocket } from "../zmq/ports.ts";
import type { Log } from "../log/log.ts";
import { Condition, inTime, runTogether } from "../async/tasks.ts";
import { Watchdog } from "../async/watchdog.ts";
import { decodeStreamMessage } from "../wire/v2.ts";

/** Least time for the first message of a connection, in milliseconds. */
const FIRST_MS = 3.5 * HEARTBEAT_MS;
/** The same where nothing came in time, as a multiple: a line may be slow. */
const MAX_FIRST_TIMES = 4;

/** Options for {@link StreamListener}. */
export interface StreamListenerOptions {
  /** Opens a connection (a SUB to everything) to the publisher's stream. */
  readonly connect: Connect;
  readonly clock: Clock;
  readonly log: Log;
  /**
   * Called when a stream falls silent after messages.
   *
   * @default {does nothing}
   */
  readonly onSilence?: () => void;
  /**
   * Time without a message or heartbeat after which it reconnects, in
   * milliseconds.
   *
   * @default {3500}
   */
  readonly silenceMs?: number;
}

/** Handles a message; resolves when there is room for another. */
export type Hear = (
  message: StreamMessage,
  signal: AbortSignal,
) => Promise<void>;

/** Receives the stream of one publisher. */
export class StreamListener {
  readonly #options: Required<StreamListenerOptions>;
  readonly #silence: TroubleLog;
  readonly #troubleLog: LogThrottle;
  readonly #watchdog: Watchdog;
  readonly #heard = new Condition();
  /** A slow line needs longer for its handshake. */
  readonly #firstTimeout = new AdaptiveTimeout(MAX_FIRST_TIMES);
  #renewal = new AbortController();
  #hears = false;
  #rejected = 0;

  /**
   * Creates a listener; it connects when it runs.
   *
   * @param options See {@link StreamListenerOptions}.
   */
  constructor(options: StreamListenerOptions) {
    this.#options = {
      silenceMs: 3.5 * HEARTBEAT_MS,
      onSilence: () => {},
      ...options,
    };
    const { log, clock } = options;
    this.#silence = new TroubleLog({
      log,
      clock,
      trouble: "the publisher's stream is silent",
      over: "the publisher's stream is heard again",
    });
    this.#troubleLog = new LogThrottle(log, clock);
    this.#watchdog = new Watchdog(clock);
  }

  /** Whether the stream is being received. */
  get hears(): boolean {
    return this.#hears;
  }

  /** Messages that could not be decoded. */
  get rejected(): number {
    return this.#rejected;
  }

  /**
   * Receives until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
   * @param hear Handles each message.
   */
  async run(signal: AbortSignal, hear: Hear): Promise<void> {
    try {
      while (true) {
        const { signal: renewal } = this.#renewal;
        await using socket = this.#options.connect();
        await this.#listen(socket, signal, renewal, hear);
        const hasHeard = this.#hears;
        this.#hears = false;
        if (renewal.aborted) continue;
        this.#silence.report("not even a heartbeat");
        if (hasHeard) this.#options.onSilence();
      }
    } finally {
      this.#troubleLog.flush();
    }
  }

  /** Reconnects at once, because the connection's setup has changed. */
  renew(): void {
    this.#renewal.abort();
    this.#renewal = new AbortController();
  }

  /** Resolves once the stream is silent, or on a renewal. */
  async #listen(
    socket: MessageSocket,
    signal: AbortSignal,
    renewal: AbortSignal,
    hear: Hear,
  ): Promise<void> {
    this.#watchdog.feed();
    using ended = new EitherSignal([signal, renewal]);
    await runTogether(ended.signal, [
      (group) => this.#receive(socket, group, hear),
      (group) => this.#silent(group),
    ]);
    signal.throwIfAborted();
  }

  /** Resolves on silence; the first message also needs a handshake. */
  async #silent(signal: AbortSignal): Promise<void> {
    if (!await this.#hearsInTime(signal)) return;
    await this.#watchdog.expired(this.#options.silenceMs, signal);
  }

  async #hearsInTime(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    const withinMs = this.#firstTimeout.of(FIRST_MS);
    const hears = await inTime(clock, withinMs, signal, async (ended) => {
      while (!this.#hears) await this.#heard.wait(ended);
      return true;
    });
    if (hears === undefined) {
      this.#firstTimeout.note({ answered: false });
      return false;
    }
    this.#firstTimeout.noteSuccess(FIRST_MS, clock.monotonicMs() - startMs);
    return true;
  }

  async #receive(
    socket: MessageSocket,
    signal: AbortSignal,
    hear: Hear,
  ): Promise<void> {
    while (true) {
      const message = this.#understand(await socket.receive(signal));
      if (message === undefined) continue;
      this.#hears = true;
      this.#heard.notify();
      this.#silence.resolve();
      // A backlog of this host is no silence of the stream.
      this.#watchdog.stop();
      await hear(message, signal);
      this.#watchdog.feed();
    }
  }

  #understand(frames: Frames): StreamMessage | undefined {
    const decoded = decodeStreamMessage(frames);
    if (decoded.ok) return decoded.value;
    this.#rejected++;
    this.#troubleLog.record("warning", "message not understood", {
      reason: decoded.reason,
    });
    return undefined;
  }
}
