/**
 * A node's session with the publisher, as created by `control_client.ts`.
 *
 * @module
 */

import type {
  ErrorCode,
  NodeMessage,
  PublisherMessage,
} from "../wire/v2_messages.ts";
import type { SilenceStage } from "./silence.ts";

/** The answer to HELLO. */
export type Welcome = Extract<PublisherMessage, { readonly kind: "WELCOME" }>;

/** A message after WELCOME that the client does not handle itself. */
export type PublisherAnswer = Extract<
  PublisherMessage,
  { readonly kind: "ACK" | "SNAPSHOT" | "CHANGES" }
>;

/**
 * The session has ended: {@link Session} throws this, and its handler may. The
 * client pauses and begins another session.
 */
export class LostSessionError extends Error {
  /** Name of the class. */
  override readonly name = "LostSessionError";
  /** The publisher's error code, if it sent one. */
  readonly code: ErrorCode | undefined;

  /**
   * Creates the error.
   *
   * @param message Why, in one sentence; the same words for the same cause.
   * @param code The publisher's error code, if it sent one.
   * @param options As of any error.
   */
  constructor(message: string, code?: ErrorCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The session has ended because an answer did not arrive in time. */
export class NoAnswerError extends LostSessionError {
  /** The stage that the connection had reached. */
  readonly stage: SilenceStage;

  /**
   * Creates the error.
   *
   * @param stage The stage that the connection had reached.
   */
  constructor(stage: SilenceStage = "answer") {
    super("no answer");
    this.stage = stage;
  }
}

/**
 * The session has ended because the client heard nothing for so long that the
 * publisher must be gone. The next attempt to connect finds out why.
 */
export class SilentSessionError extends LostSessionError {
  /** Duration of the silence, in milliseconds. */
  readonly silentMs: number;

  /**
   * Creates the error.
   *
   * @param silentMs Duration of the silence, in milliseconds.
   */
  constructor(silentMs: number) {
    super("nothing was heard");
    this.silentMs = silentMs;
  }
}

/** A connection on which the publisher sent WELCOME. */
export interface Session {
  /** The WELCOME. */
  readonly welcome: Welcome;
  /**
   * Sends a message; waits while the publisher has no room for it. The message
   * may get lost: only an answer shows that it arrived.
   */
  send(message: NodeMessage, signal: AbortSignal): Promise<void>;
  /**
   * Waits for the next message; only one caller at a time.
   *
   * @param signal Ends the wait.
   * @param withinMs The usual timeout, in milliseconds, which `answerTimeout`
   * in `control_client.ts` adapts; without it there is no timeout.
   * @throws {LostSessionError} when the publisher sends ERROR or an invalid
   * message, or nothing in time.
   */
  receive(signal: AbortSignal, withinMs?: number): Promise<PublisherAnswer>;
}

/**
 * Leads a conversation until it throws or is aborted; on abort it throws the
 * reason. It has to receive continuously: otherwise the client hears nothing
 * from the publisher.
 */
export type SessionHandler = (
  session: Session,
  signal: AbortSignal,
) => Promise<void>;
