/**
 * A place in a log, as it is stored.
 *
 * @module
 */

import { RuntimeError } from "./errors.ts";
import type { LogPosition } from "./ports.ts";

const VERSION = 1;

/**
 * Writes a place as one line of JSON.
 *
 * @param position The place.
 *
 * @example
 * ```ts
 * import { decodePosition, encodePosition } from "./log_position.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const position = { device: 1, inode: 2, offsetBytes: 3, fingerprint: "" };
 * deepStrictEqual(decodePosition(encodePosition(position)), position);
 * ```
 */
export function encodePosition(position: LogPosition): string {
  const { device, inode, offsetBytes, fingerprint } = position;
  const text = JSON.stringify({
    version: VERSION,
    device,
    inode,
    offsetBytes,
    fingerprint,
  });
  return `${text}\n`;
}

/**
 * Reads what {@link encodePosition} wrote.
 *
 * @param text The stored text.
 * @throws {RuntimeError} when it is anything else.
 */
export function decodePosition(text: string): LogPosition {
  const fields = parseObject(text);
  const { version, device, inode, offsetBytes, fingerprint } = fields;
  if (
    version !== VERSION || !isCount(device) || !isCount(inode) ||
    !isCount(offsetBytes) || typeof fingerprint !== "string" ||
    !/^[0-9a-f]{0,64}$/.test(fingerprint)
  ) throw damaged();
  return { device, inode, offsetBytes, fingerprint };
}

interface StoredFields {
  readonly version?: unknown;
  readonly device?: unknown;
  readonly inode?: unknown;
  readonly offsetBytes?: unknown;
  readonly fingerprint?: unknown;
}

function parseObject(text: string): StoredFields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(error);
  }
  if (typeof value !== "object" || value === null) throw damaged();
  return value;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function damaged(cause?: unknown): RuntimeError {
  return new RuntimeError("the stored place in fail2ban's log is damaged", {
    hint:
      "remove the file to start at the log's end; what came meanwhile is then not reported",
    cause,
  });
}
