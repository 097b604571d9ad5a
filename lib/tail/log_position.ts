/**
 * The stored form of a position in a log.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { LogPosition } from "./ports.ts";

/**
 * Version 1. Members added later are optional: older programs omit them.
 */
const VERSION = 1;

/**
 * Encodes a position as one line of JSON.
 *
 * @param position The position.
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
  const { rotations, modifiedMs, behindMs, importing } = position;
  const text = JSON.stringify({
    version: VERSION,
    ...{ device, inode, offsetBytes, fingerprint },
    ...{ rotations, modifiedMs, behindMs, importing },
  });
  return `${text}\n`;
}

/**
 * Decodes a position that {@link encodePosition} wrote.
 *
 * @param text The stored text.
 * @throws {RuntimeError} when it is anything else.
 */
export function decodePosition(text: string): LogPosition {
  const fields = parseObject(text);
  const { version, device, inode, offsetBytes, fingerprint } = fields;
  const { rotations, modifiedMs, behindMs, importing } = fields;
  if (
    version !== VERSION || !isCount(device) ||
    !isCount(inode) || !isCount(offsetBytes) ||
    typeof fingerprint !== "string" || !/^[0-9a-f]{0,64}$/.test(fingerprint) ||
    !isOptional(rotations, isCount) || !isOptional(modifiedMs, isTime) ||
    !isOptional(behindMs, isTime) || !isOptional(importing, isTrue)
  ) throw damaged();
  return {
    ...{ device, inode, offsetBytes, fingerprint },
    ...rotations === undefined ? {} : { rotations },
    ...modifiedMs === undefined ? {} : { modifiedMs },
    ...behindMs === undefined ? {} : { behindMs },
    ...importing === undefined ? {} : { importing },
  };
}

interface StoredFields {
  readonly version?: unknown;
  readonly device?: unknown;
  readonly inode?: unknown;
  readonly offsetBytes?: unknown;
  readonly fingerprint?: unknown;
  readonly rotations?: unknown;
  readonly modifiedMs?: unknown;
  readonly behindMs?: unknown;
  readonly importing?: unknown;
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

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

function isTrue(value: unknown): value is true {
  return value === true;
}

function isOptional<T>(
  value: unknown,
  is: (value: unknown) => value is T,
): value is T | undefined {
  return value === undefined || is(value);
}

function damaged(cause?: unknown): RuntimeError {
  return new RuntimeError("the stored place in fail2ban's log is damaged", {
    hint:
      "remove the file to start at the log's end; what came meanwhile is then not reported",
    cause,
  });
}
