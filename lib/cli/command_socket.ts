/**
 * The socket beside a publisher's pid file, on which operators of this host
 * send requests: the request is a line of JSON, the answer one or more.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { LineReply, LineRequest } from "../service/line_reply.ts";
import {
  MAX_OPERATOR_ANSWER_BYTES,
  OPERATOR_ANSWER,
  OPERATOR_REQUEST,
  type OperatorAnswer,
  type OperatorRequest,
} from "../wire/operator_messages.ts";

/** Long, because withdrawing many reports takes time. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Path of the socket of a publisher with this pid file. */
export function commandSocketPath(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, "")}.command.sock`;
}

/**
 * Carries out a request. It makes the answer lazily, and ends when `gone` is
 * aborted.
 */
export type AnswerOperator = (
  request: OperatorRequest,
  gone: AbortSignal,
) => AsyncIterable<OperatorAnswer>;

/**
 * Answers the request of an operator.
 *
 * @param line The request.
 * @param gone Aborted when nobody reads the answer any more.
 * @param answer Carries out the request. Must not reject.
 * @param places Limits the requests that are served at the same time.
 * @returns The lines of the answer.
 */
export async function* answerLine(
  line: string,
  gone: AbortSignal,
  answer: AnswerOperator,
  places: OperatorPlaces,
): AsyncGenerator<string, void, undefined> {
  let request: OperatorRequest;
  try {
    request = OPERATOR_REQUEST.decode(line);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    yield OPERATOR_ANSWER.encode({
      kind: "failed",
      message: "the publisher does not understand what it is asked",
      hint: "it is of another version: restart it",
    });
    return;
  }
  using place = places.take(request);
  if (place === undefined) {
    yield OPERATOR_ANSWER.encode({
      kind: "failed",
      message: "as many operators watch or list bans as may at a time",
      hint: "end a fail2ban-cluster tail that nobody needs; other verbs work",
    });
    return;
  }
  for await (const part of answer(request, gone)) {
    yield OPERATOR_ANSWER.encode(part);
  }
}

/**
 * Makes a request to the publisher at a {@link commandSocketPath}.
 *
 * @param signal Ends the answer.
 */
export function commandRequest(
  path: string,
  request: OperatorRequest,
  signal?: AbortSignal,
): LineRequest {
  return {
    path,
    line: OPERATOR_REQUEST.encode(request),
    maxAnswerBytes: MAX_OPERATOR_ANSWER_BYTES,
    timeoutMs: ANSWER_TIMEOUT_MS,
    signal,
  };
}

/**
 * Reads a reply to a {@link commandRequest}.
 *
 * @param path The socket's path, for errors.
 * @param reply The reply.
 * @param isFirst Whether this is the first line of the answer.
 * @returns The answer; `undefined` when no publisher listens there.
 * @throws {RuntimeError} when the publisher can't be asked, or its answer is
 * invalid.
 */
export function readCommandReply(
  path: string,
  reply: LineReply,
  isFirst = true,
): OperatorAnswer | undefined {
  const silence = isFirst ? SILENCE : CUT;
  if (reply.kind === "failure") {
    if (isFirst && reply.why === "absent") return undefined;
    const isSilent = reply.why === "gone" || reply.why === "late";
    const reason = isSilent ? silence : reply.reason;
    const hint = reply.why === "denied"
      ? "ask as root, or as the program's own user"
      : OTHER_HINT;
    throw cannotAsk(path, reason, hint, reply.cause);
  }
  if (reply.isCut) throw cannotAsk(path, silence, OTHER_HINT);
  try {
    return OPERATOR_ANSWER.decode(reply.text);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    throw cannotAsk(path, error.message, OTHER_HINT, error);
  }
}

const SILENCE = "it said nothing";
const CUT = "its answer was cut";
const OTHER_HINT = "its log says more; restart it if it is of another version";

function cannotAsk(
  path: string,
  reason: string,
  hint: string,
  cause?: Error,
): RuntimeError {
  return new RuntimeError(
    `the publisher can't be asked on ${path}: ${reason}`,
    { hint, cause },
  );
}

// Limits on concurrent requests. Most requests need a place only for a moment.
// Watching or reading a list may go on for long, and may be forgotten in a
// terminal, so it never takes the last places.

/** Maximum number of operators that are served at the same time. */
export const MAX_OPERATORS = 32;
/** Of these, the maximum number that watch. */
export const MAX_WATCHING = 16;
/** Of these, the maximum number that watch or read a list. */
export const MAX_LONG = 24;

/** Assigns places to requests. */
export class OperatorPlaces {
  #watching = 0;
  #long = 0;

  /**
   * Takes a place while the request is answered.
   *
   * @returns The place; `undefined`: there is none for such a request now.
   */
  take({ kind }: OperatorRequest): Disposable | undefined {
    const isWatching = kind === "tail" || kind === "follow";
    if (!isWatching && kind !== "bans") return FREE;
    if (this.#long >= MAX_LONG) return undefined;
    if (isWatching && this.#watching >= MAX_WATCHING) return undefined;
    const watching = Number(isWatching);
    this.#long++;
    this.#watching += watching;
    return {
      [Symbol.dispose]: () => {
        this.#long--;
        this.#watching -= watching;
      },
    };
  }
}

const FREE: Disposable = { [Symbol.dispose]() {} };
