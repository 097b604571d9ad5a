/**
 * The ports' share of the file descriptors that the process may have.
 *
 * libzmq 4.3.5 aborts the process when it has no descriptor for a connection to
 * an `ipc://` address (`ipc_listener.cpp`). So the ports take only as many
 * connections as there are descriptors for.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { FrontLimits } from "./front.ts";

/**
 * Descriptors of a connection: the peer's, both ends of the one to ZeroMQ, and
 * a private address that may be kept open only for it.
 */
const OF_CONNECTION = 4;
/**
 * Private addresses for each handshake: a cut one keeps its own until libzmq
 * notices.
 */
export const ENDPOINTS_OF_HANDSHAKE = 2;
/**
 * Descriptors for everything else: some 60 files, operators, closing
 * connections.
 */
const RESERVED = 192;
/** With fewer connections a port is useless. */
const LEAST_OPEN = 8;
/**
 * With fewer, returning nodes would wait for strangers; these fit into the
 * reserve.
 */
const LEAST_SHAKING = 8;
const LEAST_OF_NODE = 4;

/** Limits of the ports, and whether they had to be reduced. */
export interface SharedLimits<Name extends string> {
  readonly limits: Readonly<Record<Name, FrontLimits>>;
  /**
   * Number of descriptors that the full limits would need; `undefined`: the
   * limits are full.
   */
  readonly lackOf: number | undefined;
}

/**
 * Reduces the ports' limits to the available descriptors; each port gets the
 * same fraction of its own limits.
 *
 * @param wanted The limits of all ports of the process.
 * @param openFiles Number of descriptors that it may have; `Infinity`: no
 * limit.
 * @throws {RuntimeError} when there are too few for useful ports.
 */
export function shareDescriptors<Name extends string>(
  wanted: Readonly<Record<Name, FrontLimits>>,
  openFiles: number,
): SharedLimits<Name> {
  const ports = Object.entries<FrontLimits>(wanted);
  const needed = ports.reduce((sum, [, port]) => sum + descriptorsOf(port), 0);
  const lackOf = openFiles < needed + RESERVED ? needed + RESERVED : undefined;
  if (lackOf === undefined) return { limits: wanted, lackOf };
  const part = Math.max(0, openFiles - RESERVED) / needed;
  const leastPart = Math.max(
    ...ports.map(([, { maxOpen }]) => LEAST_OPEN / maxOpen),
  );
  if (part < leastPart) throw tooFew(openFiles, needed * leastPart + RESERVED);
  const limits = Object.fromEntries(
    ports.map(([name, port]) => [name, partOf(port, part)]),
  );
  return { limits: limits as Record<Name, FrontLimits>, lackOf };
}

function descriptorsOf({ maxOpen, maxShaking }: FrontLimits): number {
  const shaking = Number.isFinite(maxShaking) ? maxShaking : 0;
  return OF_CONNECTION * maxOpen + ENDPOINTS_OF_HANDSHAKE * shaking;
}

function partOf(port: FrontLimits, part: number): FrontLimits {
  const scaled = (bound: number, least: number) =>
    Math.min(bound, Math.max(least, Math.floor(bound * part)));
  return {
    ...port,
    maxOpen: scaled(port.maxOpen, LEAST_OPEN),
    maxOfAddress: scaled(port.maxOfAddress, LEAST_OPEN / 2),
    maxShaking: scaled(port.maxShaking, LEAST_SHAKING),
    maxShakingOfAddress: scaled(port.maxShakingOfAddress, LEAST_SHAKING / 2),
    maxOfNode: scaled(port.maxOfNode, LEAST_OF_NODE),
  };
}

function tooFew(openFiles: number, least: number): RuntimeError {
  const atLeast = Math.ceil(least);
  return new RuntimeError(
    `only ${openFiles} files may be open: the ports take at least ${atLeast}`,
    { hint: "raise the limit (LimitNOFILE= of the unit, ulimit -n)" },
  );
}
