/**
 * Prints what goes on until whoever reads it has enough.
 *
 * @module
 */

import { StopSignal } from "../../lib/service/io/signals.ts";

/** Takes bytes, some of them at a time, and waits while nobody reads. */
export interface SlowWriter {
  write(bytes: Uint8Array): Promise<number>;
}

/**
 * Prints pages until SIGINT, SIGTERM or SIGHUP, until nobody reads them any
 * more, or until they end. A reader that is slow holds back this program only,
 * and a signal ends it all the same.
 *
 * @param pages Makes the pages; its signal ends them.
 * @throws what the pages throw.
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
    // A write that nobody reads goes on until this process ends.
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
