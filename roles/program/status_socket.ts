/**
 * The socket on which `status` reaches a running program.
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
 * Sends a report to every client.
 *
 * @param path The socket's path.
 * @param report Gives the current report.
 * @param log Receives failures to accept a connection.
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

/**
 * Listens beside the pid file; if that fails, logs it and continues without the
 * socket.
 */
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
 * Asks a running program for its status.
 *
 * @param path The socket's path; see `statusSocketPath`.
 * @throws {RuntimeError} when it does not answer.
 */
export async function askStatus(path: string): Promise<StatusReport> {
  return readStatusReply(path, await askLine(statusRequest(path)));
}

function warn(log: Log, { message }: Error): void {
  log.record("warning", "status can't be asked", { reason: message });
}
