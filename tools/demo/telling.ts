/**
 * What a demo shows.
 *
 * @module
 */

import { givenPortsPath } from "../../tests/support/host/test_ports.ts";

/** Runs a demo: the note of ports, which tests leave to those that follow, goes unless it was there before. */
export async function leaveNothing(run: () => Promise<void>): Promise<void> {
  const path = givenPortsPath();
  const wasThere = await Deno.stat(path).then(() => true, () => false);
  await run();
  if (!wasThere) await Deno.remove(path);
}

/** Shows text. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Shows what happened on a host, and how long after the beginning of it all. */
export function tell(afterMs: number, host: string, text: string): void {
  const after = `${afterMs < 0 ? "" : "+"}${afterMs} ms`;
  say(`  ${after.padStart(8)}  ${host.padEnd(6)}  ${text}`);
}

/** The lines of a file; none while there is no such file. */
export async function readLines(path: string): Promise<string[]> {
  try {
    return (await Deno.readTextFile(path)).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
