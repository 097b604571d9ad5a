/**
 * A node's session with the publisher, as `control_client.ts` makes it.
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

/** What a publisher sends after WELCOME that the client does not handle itself. */
export type PublisherAnswer = Extract<
  PublisherMessage,
  { readonly kind: "ACK" | "SNAPSHOT" | "CHANGES" }
>;

/**
 * The session has ended: {@link Session} throws this, and its handler may. The
 * client begins another one, after a pause.
 */
export class LostSessionError extends Error {
  /** As of any error. */
  override readonly name = "LostSessionError";
  /** What the publisher said, if it did. */
  readonly code: ErrorCode | undefined;

  /**
   * Makes one.
   *
   * @param message Why, in one sentence; the same words for the same cause.
   * @param code What the publisher said, if it did.
   * @param options As of any error.
   */
  constructor(message: string, code?: ErrorCode, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The session has ended because there was no answer in time. */
export class NoAnswerError extends LostSessionError {
  /** How far it had come. */
  readonly stage: SilenceStage;

  /**
   * Makes one.
   *
   * @param stage How far it had come.
   */
  constructor(stage: SilenceStage = "answer") {
    super("no answer");
    this.stage = stage;
  }
}

/**
 * The session has ended because nothing at all was heard for so long that the
 * publisher must be gone. Why is seen when it is looked for anew.
 */
export class SilentSessionError extends LostSessionError {
  /** For how long, in milliseconds. */
  readonly silentMs: number;

  /**
   * Makes one.
   *
   * @param silentMs For how long, in milliseconds.
   */
  constructor(silentMs: number) {
    super("nothing was heard");
    this.silentMs = silentMs;
  }
}

/** A connection over which the publisher said WELCOME. */
export interface Session {
  /** What it said. */
  readonly welcome: Welcome;
  /**
   * Sends a message; waits while the publisher has no room for it. What was
   * sent may have got lost: only an answer shows that it arrived.
   */
  send(message: NodeMessage, signal: AbortSignal): Promise<void>;
  /**
   * Waits for the next message; one caller at a time.
   *
   * @param signal Ends the wait.
   * @param withinMs How long at most, in milliseconds, as a rule: see
   * the timeout in `control_client.ts`; no bound by default.
   * @throws {LostSessionError} when the publisher says ERROR or what is
   * not understood, or says nothing in time.
   */
  receive(signal: AbortSignal, withinMs?: number): Promise<PublisherAnswer>;
}

/**
 * Leads a conversation until it throws or is aborted; then throws the reason.
 * It has to receive all the while: only then is the publisher heard.
 */
export type SessionHandler = (
  session: Session,
  signal: AbortSignal,
) => Promise<void>;
