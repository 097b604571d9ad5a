/**
 * The socket on which operators of this host reach the running publisher.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import {
  answerLine,
  type AnswerOperator,
  commandRequest,
  commandSocketPath,
  MAX_OPERATORS,
  OperatorPlaces,
  readCommandReply,
} from "../../lib/cli/command_socket.ts";
import type { AskPublisher } from "../../lib/cli/publisher_questions.ts";
import type { ClusterConfig } from "../../lib/config/cluster_config.ts";
import type { Log } from "../../lib/log/log.ts";
import { askLines, LineSocket } from "../../lib/service/io/line_socket.ts";
import {
  isContinued,
  MAX_OPERATOR_REQUEST_BYTES,
  type OperatorAnswer,
  type OperatorRequest,
} from "../../lib/wire/operator_messages.ts";
import type { RoleContext } from "./invocation.ts";

/**
 * Listens for operators.
 *
 * @param path The socket's path.
 * @param answer Carries out a request. Must not reject.
 * @param log Receives failures to accept a connection.
 * @throws {RuntimeError} when the socket can't be made.
 */
export async function listenForOperators(
  path: string,
  answer: AnswerOperator,
  log: Log,
): Promise<LineSocket> {
  const places = new OperatorPlaces();
  return await LineSocket.listen(path, {
    answer: (line, gone) => answerLine(line, gone, answer, places),
    maxRequestBytes: MAX_OPERATOR_REQUEST_BYTES,
    maxConnections: MAX_OPERATORS,
    onTrouble: ({ message }) =>
      log.record("warning", "an operator can't be heard", { reason: message }),
  });
}

/**
 * Listens beside the pid file; if that fails, logs it and continues without the
 * socket.
 */
export async function answerOperators(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  answer: AnswerOperator,
): Promise<AsyncDisposable> {
  try {
    return await listenForOperators(
      commandSocketPath(config.pidFile),
      answer,
      log,
    );
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    log.record("warning", "operators can't ask", { reason: error.message });
    return new AsyncDisposableStack();
  }
}

/**
 * Asks a running publisher.
 *
 * @param path The socket's path; see `commandSocketPath`.
 * @param request The request.
 * @param signal Ends the answer.
 * @returns The lines of its answer; none when no publisher listens.
 * @throws {RuntimeError} when the request can't be sent, or gets no answer.
 */
export async function* askPublisher(
  path: string,
  request: OperatorRequest,
  signal?: AbortSignal,
): AsyncGenerator<OperatorAnswer, void, undefined> {
  let isFirst = true;
  for await (const reply of askLines(commandRequest(path, request, signal))) {
    if (signal?.aborted === true) return;
    const answer = readCommandReply(path, reply, isFirst);
    if (answer === undefined) return;
    isFirst = false;
    yield answer;
    if (!isContinued(answer)) return;
  }
}

/** Asks this host's publisher. */
export function publisherAt(
  { publisherPidFile }: Pick<ClusterConfig, "publisherPidFile">,
): AskPublisher {
  const path = commandSocketPath(publisherPidFile);
  return (request, signal) => askPublisher(path, request, signal);
}
