/**
 * Prints live output until its reader stops.
 *
 * @module
 */

import { StopSignal } from "../../lib/service/io/signals.ts";

/** Writes some of the given bytes, and waits while nobody reads. */
export interface SlowWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Prints pages until SIGINT, SIGTERM or SIGHUP, until the reader is gone, or
 * until they end. A slow reader delays only this program, and a signal still
 * ends it.
 *
 * @param pages Creates the pages; the signal ends them.
 * @throws the pages' errors.
 */
export async function printLive(
  to: SlowWriter,
  pages: (signal: AbortSignal) => AsyncIterable<readonly string[]>,
): Promise<void> {
  using stop = new StopSignal({ hangUpStops: true });
  const { signal } = stop;
  const stopped = new Promise<"stopped">((resolve) =>
    signal.addEventListener("abort", () => resolve("stopped"), { once: true })
  );
  for await (const lines of pages(signal)) {
    const text = lines.map((line) => `${line}\n`).join("");
    // A blocked write continues until this process ends.
    const outcome = await Promise.race([writeAll(to, text), stopped]);
    if (outcome !== "written") return;
  }
}

async function writeAll(
  to: SlowWriter,
  text: string,
): Promise<"written" | "unread"> {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(await to.write(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
    return "unread";
  }
  return "written";
}
