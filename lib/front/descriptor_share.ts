/**
 * The ports' share of the descriptors that the process may have.
 *
 * libzmq 4.3.5 aborts the process when it lacks one for a connection to an
 * `ipc://` address (`ipc_listener.cpp`). So the ports never take so many
 * connections that one could be lacking.
 *
 * @module
 */

import { RuntimeError } from "../base/errors.ts";
import type { FrontLimits } from "./front.ts";

/**
 * The peer's, both ends of the one to ZeroMQ, and the private address that one
 * keeps open once nobody else shakes hands there.
 */
const OF_CONNECTION = 4;
/** Private addresses for each handshake: one that was cut keeps its own until libzmq knows. */
export const ENDPOINTS_OF_HANDSHAKE = 2;
/** For all else that the process has open: some 60 files, operators, connections on their way out. */
const RESERVED = 192;
/** With fewer a port is of no use. */
const LEAST_OPEN = 8;
/** With fewer who comes back would wait for strangers; they fit into what is reserved. */
const LEAST_SHAKING = 8;
const LEAST_OF_NODE = 4;

/** Bounds of ports, and whether they are less than they could be. */
export interface SharedLimits<Name extends string> {
  readonly limits: Readonly<Record<Name, FrontLimits>>;
  /** How many files would have to be open for the ports' own bounds; `undefined`: they have those. */
  readonly lackOf: number | undefined;
}

/**
 * Makes ports' bounds small enough for the descriptors that there are: each
 * gets the same part of its own.
 *
 * @param wanted The bounds of all ports of the process.
 * @param openFiles How many descriptors it may have; `Infinity`: no bound.
 * @throws {RuntimeError} when they don't do for ports that are of use.
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
