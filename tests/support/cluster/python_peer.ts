import { ChildProcess } from "../host/child_process.ts";

const PYTHON = "/usr/bin/python3";

/**
 * Starts a peer of `tests/support/peers/`: real pyzmq with the original's
 * calls.
 */
export function startPeer(
  name: "req_client" | "sub_client" | "rep_server" | "pub_server",
  ...args: string[]
): ChildProcess {
  const script = decodeURIComponent(
    new URL(`../peers/${name}.py`, import.meta.url).pathname,
  );
  return new ChildProcess({ command: PYTHON, args: ["-u", script, ...args] });
}
