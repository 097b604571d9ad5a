/**
 * Finds where a monitor starts to read its log.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import type { Log } from "../../lib/log/log.ts";
import type { PositionFile } from "../../lib/tail/io/position_file.ts";
import type { LogPosition } from "../../lib/tail/ports.ts";

/** Where to start. */
export interface LogBeginning {
  /** The stored position; `undefined` when there is none. */
  readonly from: LogPosition | undefined;
  /** Whether to read from the log's start, because the position was damaged. */
  readonly atStart: boolean;
}

/**
 * Reads the stored position. Moves a damaged one aside: the log is then read
 * from its start, and the publisher ignores reports that it already has.
 *
 * @param positions The stored positions.
 * @param log Receives problems.
 */
export async function readLogBeginning(
  positions: PositionFile,
  log: Log,
): Promise<LogBeginning> {
  try {
    return { from: await positions.load(), atStart: false };
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    const event =
      "the place in the log is damaged, the log is read from its start";
    log.record("error", event, { reason: error.message });
    await positions.putAside().catch((failure) => {
      if (!(failure instanceof RuntimeError)) throw failure;
      log.record("error", "the damaged place can't be put aside", {
        reason: failure.message,
      });
    });
    return { from: undefined, atStart: true };
  }
}
