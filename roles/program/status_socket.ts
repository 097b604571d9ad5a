/**
 * Where `status` reaches a running program.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import type { Log } from "../../lib/log/log.ts";
import { askLine, LineSocket } from "../../lib/service/io/line_socket.ts";
import {
  encodeStatus,
  type StatusReport,
} from "../../lib/service/status_report.ts";
import {
  MAX_STATUS_CONNECTIONS,
  readStatusReply,
  statusRequest,
  statusSocketPath,
} from "../../lib/service/status_socket.ts";

/**
 * Gives a report to everyone who connects.
 *
 * @param path Where.
 * @param report Gives the report of the moment.
 * @param log Told when a connection can't be accepted.
 * @throws {RuntimeError} when the socket can't be made.
 */
export async function listenForStatus(
  path: string,
  report: () => StatusReport,
  log: Log,
): Promise<LineSocket> {
  return await LineSocket.listen(path, {
    answer: () => [encodeStatus(report())],
    maxRequestBytes: 0,
    maxConnections: MAX_STATUS_CONNECTIONS,
    onTrouble: (error) => warn(log, error),
  });
}

/** Listens beside the pid file; where that can't be, the log says so and all else goes on. */
export async function answerStatus(
  pidFile: string,
  report: () => StatusReport,
  log: Log,
): Promise<LineSocket | undefined> {
  try {
    return await listenForStatus(statusSocketPath(pidFile), report, log);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    warn(log, error);
    return undefined;
  }
}

/**
 * Asks a running program how it is.
 *
 * @param path Where it listens; see `statusSocketPath`.
 * @throws {RuntimeError} when it does not answer.
 */
export async function askStatus(path: string): Promise<StatusReport> {
  return readStatusReply(path, await askLine(statusRequest(path)));
}

function warn(log: Log, { message }: Error): void {
  log.record("warning", "status can't be asked", { reason: message });
}
