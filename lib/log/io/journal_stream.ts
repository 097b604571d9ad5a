/**
 * Finds out whether the journal reads standard error.
 *
 * @see {@link https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#%24JOURNAL_STREAM | systemd.exec(5), $JOURNAL_STREAM}
 * @module
 */

import { fstatSync } from "node:fs";

const STDERR = 2;

/**
 * Whether standard error is the journal connection that a service starts with.
 */
export function isStderrJournal(): boolean {
  const stream = Deno.env.get("JOURNAL_STREAM");
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(STDERR);
    return stream === `${dev}:${ino}`;
  } catch {
    // It is closed, or of a kind that the runtime can't inspect.
    return false;
  }
}
