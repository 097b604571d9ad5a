/**
 * Sends the requests of the operator's verbs to the running publisher.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../wire/operator_messages.ts";

/**
 * Sends a request to the publisher of this host; yields nothing if none runs.
 * After the signal is aborted, it ends without an error.
 */
export type AskPublisher = (
  request: OperatorRequest,
  signal?: AbortSignal,
) => AsyncIterable<OperatorAnswer>;

/** An answer of one kind. */
export type AnswerOf<K extends OperatorAnswer["kind"]> = Extract<
  OperatorAnswer,
  { readonly kind: K }
>;

/**
 * Sends a request whose answer is one line.
 *
 * @param kind The expected kind of answer.
 * @returns The answer; `undefined`: no publisher runs here.
 * @throws {RuntimeError} when the publisher can't answer, or refuses.
 */
export async function askOnce<K extends OperatorAnswer["kind"]>(
  ask: AskPublisher,
  request: OperatorRequest,
  kind: K,
): Promise<AnswerOf<K> | undefined> {
  for await (const answer of ask(request)) return expectKind(answer, kind);
  return undefined;
}

/**
 * As {@link askOnce}. @throws {RuntimeError} also when no publisher runs here.
 */
export async function askRunning<K extends OperatorAnswer["kind"]>(
  ask: AskPublisher,
  request: OperatorRequest,
  kind: K,
): Promise<AnswerOf<K>> {
  return await askOnce(ask, request, kind) ?? notRunning();
}

/**
 * Sends a request whose answer has many lines.
 *
 * @param signal Ends the answer.
 * @throws {RuntimeError} when no publisher runs here, or it can't complete the
 * answer, or refuses.
 */
export async function* askMany(
  ask: AskPublisher,
  request: OperatorRequest,
  signal?: AbortSignal,
): AsyncGenerator<
  Exclude<OperatorAnswer, AnswerOf<"failed">>,
  void,
  undefined
> {
  let isAnswered = false;
  for await (const answer of ask(request, signal)) {
    isAnswered = true;
    if (answer.kind === "failed") throw failure(answer);
    yield answer;
  }
  if (!isAnswered && signal?.aborted !== true) notRunning();
}

/** @throws {RuntimeError} when the answer is of another kind. */
export function expectKind<K extends OperatorAnswer["kind"]>(
  answer: OperatorAnswer,
  kind: K,
): AnswerOf<K> {
  if (answer.kind === "failed") throw failure(answer);
  // The check of its kind narrows the type.
  if (answer.kind === kind) return answer as AnswerOf<K>;
  throw new RuntimeError("the publisher answered something else", {
    hint: "it is of another version: restart it",
  });
}

function failure({ message, hint }: AnswerOf<"failed">): RuntimeError {
  return new RuntimeError(message, hint === "" ? {} : { hint });
}

function notRunning(): never {
  throw new RuntimeError("the publisher does not run on this host", {
    hint: "ask where it runs; fail2ban-publisher start starts it here",
  });
}
