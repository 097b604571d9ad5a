/**
 * How the operator's verbs ask the running publisher.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type {
  OperatorAnswer,
  OperatorRequest,
} from "../wire/operator_messages.ts";

/**
 * Asks the publisher of this host; gives no line where none runs. Once the
 * signal is aborted no more lines come, and that is no error.
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
 * Asks what is answered by one line.
 *
 * @param kind The kind of answer that is expected.
 * @returns The answer; `undefined`: no publisher runs here.
 * @throws {RuntimeError} when it can't or won't answer.
 */
export async function askOnce<K extends OperatorAnswer["kind"]>(
  ask: AskPublisher,
  request: OperatorRequest,
  kind: K,
): Promise<AnswerOf<K> | undefined> {
  for await (const answer of ask(request)) return expectKind(answer, kind);
  return undefined;
}

/** As {@link askOnce}. @throws {RuntimeError} also when no publisher runs here. */
export async function askRunning<K extends OperatorAnswer["kind"]>(
  ask: AskPublisher,
  request: OperatorRequest,
  kind: K,
): Promise<AnswerOf<K>> {
  return await askOnce(ask, request, kind) ?? notRunning();
}

/**
 * Asks what is answered by many lines.
 *
 * @param signal Ends the answer.
 * @throws {RuntimeError} when the publisher can't or won't answer to the end, or
 * none runs here.
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
  // Its kind says that it is one.
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
