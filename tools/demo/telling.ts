/**
 * Output of the demos.
 *
 * @module
 */

import { givenPortsPath } from "../../tests/support/host/test_ports.ts";

/**
 * Runs a demo, and then removes the list of used ports, which only later tests
 * need, unless it existed before.
 */
export async function leaveNothing(run: () => Promise<void>): Promise<void> {
  const path = givenPortsPath();
  const wasThere = await Deno.stat(path).then(() => true, () => false);
  await run();
  if (!wasThere) await Deno.remove(path);
}

/** Prints text. */
export function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** Prints an event on a host, with its time since the demo's start. */
export function tell(afterMs: number, host: string, text: string): void {
  const after = `${afterMs < 0 ? "" : "+"}${afterMs} ms`;
  say(`  ${after.padStart(8)}  ${host.padEnd(6)}  ${text}`);
}

/** The lines of a file; empty when it does not exist. */
export async function readLines(path: string): Promise<string[]> {
  try {
    return (await Deno.readTextFile(path)).split("\n");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
