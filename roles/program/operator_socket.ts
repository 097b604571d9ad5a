/**
 * Where operators of this host reach the running publisher.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import {
  CommandSocket,
  commandSocketPath,
} from "../../lib/cli/io/command_socket.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import type { RoleContext } from "./invocation.ts";

/** Listens for operators; where that can't be, the log says so and all else goes on. */
export async function answerOperators(
  { config, log }: Pick<RoleContext<"publisher">, "config" | "log">,
  publisher: Publisher,
): Promise<AsyncDisposable> {
  try {
    return await CommandSocket.listen(
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
