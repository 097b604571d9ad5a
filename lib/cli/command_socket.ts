/**
 * Operators of this host ask a running publisher on a socket beside its pid
 * file: a line of JSON asks, lines of JSON answer.
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

/** Long, since a withdrawal of many reports takes its time. */
const ANSWER_TIMEOUT_MS = 60_000;

/** Where a publisher with this pid file listens. */
export function commandSocketPath(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, "")}.command.sock`;
}

/** Does what an operator asks; the answer is made as it is read, and ends with `gone`. */
export type AnswerOperator = (
  request: OperatorRequest,
  gone: AbortSignal,
) => AsyncIterable<OperatorAnswer>;

/**
 * Answers a line of an operator.
 *
 * @param line What the operator's command said.
 * @param gone Nobody reads the answer any more.
 * @param answer Does what is asked. Must not reject.
 * @param places Who is answered meanwhile.
 * @returns The lines to answer with.
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
 * How a publisher is asked on its {@link commandSocketPath}.
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
 * Reads what was replied to a {@link commandRequest}.
 *
 * @param path The socket's path, for errors.
 * @param reply What was replied.
 * @param isFirst Whether no line of the answer came before.
 * @returns The answer; `undefined` when no publisher listens there.
 * @throws {RuntimeError} when the publisher can't be asked, or answered with
 * something else.
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

// Who may ask at a time: a request that is answered at once needs its place for
// a moment only. What goes on, as long as somebody watches or reads, may be
// forgotten in a terminal: so it never takes the last places.

/** Operators that are served at a time. */
export const MAX_OPERATORS = 32;
/** Of them, those who watch. */
export const MAX_WATCHING = 16;
/** Of them, those who watch, and those who read a list. */
export const MAX_LONG = 24;

/** Gives places to requests. */
export class OperatorPlaces {
  #watching = 0;
  #long = 0;

  /**
   * Takes a place for as long as the request is answered.
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
