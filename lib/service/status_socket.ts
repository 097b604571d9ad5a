/**
 * `status` asks a running program on a socket beside its pid file: the
 * connection is the request, a line of JSON the answer.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { LineReply, LineRequest } from "./line_reply.ts";
import { decodeStatus, type StatusReport } from "./status_report.ts";

const ANSWER_TIMEOUT_MS = 2_000;
const MAX_ANSWER_BYTES = 65_536;
/** More than ask at once: an answer does not wait for its reader. */
export const MAX_STATUS_CONNECTIONS = 1_024;

/** Path of the status socket of a program with this pid file. */
export function statusSocketPath(pidFile: string): string {
  return `${pidFile.replace(/\.pid$/, "")}.sock`;
}

/** The request to a {@link statusSocketPath}. */
export function statusRequest(path: string): LineRequest {
  return {
    path,
    line: "",
    maxAnswerBytes: MAX_ANSWER_BYTES,
    timeoutMs: ANSWER_TIMEOUT_MS,
  };
}

/**
 * Decodes the reply to a {@link statusRequest}.
 *
 * @param path The socket's path, for errors.
 * @param reply The reply.
 * @throws {RuntimeError} when it is not a report.
 */
export function readStatusReply(path: string, reply: LineReply): StatusReport {
  if (reply.kind === "answer") return decodeStatus(reply.text);
  const reason = reply.why === "late"
    ? `nothing within ${ANSWER_TIMEOUT_MS / 1_000} s`
    : reply.reason;
  const hint = reply.why === "denied"
    ? "status must be asked by the program's own user"
    : "it may still be starting; its log says more";
  throw new RuntimeError(
    `it runs but does not answer on ${path}: ${reason}`,
    { hint, cause: reply.cause },
  );
}
