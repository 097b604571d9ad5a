/**
 * Starts the other end of a bare libzmq socket.
 *
 * @module
 */

import { ChildProcess } from "../tests/support/host/child_process.ts";
import { RUNTIME_FLAGS } from "../roles/program/runtime_flags.ts";

/** The peer's behaviour; see `programs/bare_peer.ts`. */
export type PeerMode = "echo" | "count" | "hear";

/**
 * Starts the peer, and resolves once it listens. It ends when disposed.
 *
 * @param mode Its behaviour.
 * @param url The URL to use.
 * @param numbers Further arguments of the mode.
 */
export async function startPeer(
  mode: PeerMode,
  url: string,
  ...numbers: readonly number[]
): Promise<ChildProcess> {
  const child = startProgram("bare_peer.ts", mode, url, ...numbers);
  await child.waitForLine(/^ready$/);
  return child;
}

/** Starts a program of `programs/`. */
export function startProgram(
  name: string,
  ...args: readonly (string | number)[]
): ChildProcess {
  const path = decodeURIComponent(
    new URL(`programs/${name}`, import.meta.url).pathname,
  );
  const config = decodeURIComponent(
    new URL("../deno.json", import.meta.url).pathname,
  );
  return new ChildProcess({
    command: Deno.execPath(),
    args: [
      "run",
      "-A",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      ...RUNTIME_FLAGS,
      "--config",
      config,
      path,
      ...args.map(String),
    ],
  });
}
