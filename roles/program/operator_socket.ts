/**
 * Where operators of this host reach the running publisher.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import {
  answerLine,
  commandRequest,
  commandSocketPath,
  MAX_OPERATORS,
  readCommandReply,
} from "../../lib/cli/command_socket.ts";
import type { Log } from "../../lib/log/log.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import { askLine, LineSocket } from "../../lib/service/io/line_socket.ts";
import {
  MAX_OPERATOR_REQUEST_BYTES,
  type OperatorAnswer,
  type OperatorRequest,
} from "../../lib/wire/operator_messages.ts";
import type { RoleContext } from "./invocation.ts";

/**
 * Listens for operators.
 *
 * @param path Where.
 * @param answer Does what is asked. Must not reject.
 * @param log Told when a connection can't be accepted.
 * @throws {RuntimeError} when the socket can't be made.
 */
export async function listenForOperators(
  path: string,
  answer: (request: OperatorRequest) => Promise<OperatorAnswer>,
  log: Log,
): Promise<LineSocket> {
  return await LineSocket.listen(path, {
    answer: (line) => answerLine(line, answer),
    maxRequestBytes: MAX_OPERATOR_REQUEST_BYTES,
    maxConnections: MAX_OPERATORS,
    onTrouble: ({ message }) =>
      log.record("warning", "an operator can't be heard", { reason: message }),
  });
}

/** Listens beside the pid file; where that can't be, the log says so and all else goes on. */
export async function answerOperators(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  publisher: Publisher,
): Promise<AsyncDisposable> {
  try {
    return await listenForOperators(
      commandSocketPath(config.pidFile),
      (request) => publisher.answer(request),
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
 * @param path Where it listens; see `commandSocketPath`.
 * @param request What to ask.
 * @returns The answer; `undefined` when no publisher listens there.
 * @throws {RuntimeError} when it can't be asked, or does not answer.
 */
export async function askPublisher(
  path: string,
  request: OperatorRequest,
): Promise<OperatorAnswer | undefined> {
  return readCommandReply(path, await askLine(commandRequest(path, request)));
}
