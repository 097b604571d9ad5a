/**
 * Where a monitor begins to read its log.
 *
 * @module
 */

import { RuntimeError } from "../../lib/base/errors.ts";
import type { Log } from "../../lib/log/log.ts";
import type { PositionFile } from "../../lib/tail/io/position_file.ts";
import type { LogPosition } from "../../lib/tail/ports.ts";

/** Where to begin. */
export interface LogBeginning {
  /** Where the log was read last; `undefined`: nobody knows. */
  readonly from: LogPosition | undefined;
  /** Whether it is read from its start then: the place was damaged. */
  readonly atStart: boolean;
}

/**
 * Reads the stored place. A damaged one is put aside: the log is read from its
 * start then, and what the publisher has already counts once.
 *
 * @param positions Where it is stored.
 * @param log Where to tell.
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
