/**
 * Starts a detached program, and stops one by its process id.
 *
 * @module
 */

import { RuntimeError } from "../../base/errors.ts";

/** A program to start. */
export interface DetachedCommand {
  /** The program. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Time limit for the start, in milliseconds. @default {20000} */
  readonly timeoutMs?: number;
}

/** The result of a start. */
export type StartOutcome =
  | {
    readonly kind: "ready";
    readonly pid: number;
    /** Its own status text, sent as `STATUS=`. */
    readonly status?: string;
  }
  | {
    readonly kind: "ended";
    readonly exitCode: number;
    /** Its standard error. */
    readonly stderr: string;
  };

const START_TIMEOUT_MS = 20_000;
const MAX_STDERR_BYTES = 65_536;
const STATUS = "STATUS=";

/**
 * Starts a program in its own session and waits until it sends `READY=1` to
 * `NOTIFY_SOCKET`, or ends.
 *
 * @param detached The program.
 * @returns The result.
 * @throws {RuntimeError} when it does neither in time; it then gets SIGTERM.
 */
export async function startDetached(
  detached: DetachedCommand,
): Promise<StartOutcome> {
  const { timeoutMs = START_TIMEOUT_MS } = detached;
  const folder = await Deno.makeTempDir({ prefix: "f2bc_" });
  const socketPath = `${folder}/notify`;
  const socket = Deno.listenDatagram({
    transport: "unixpacket",
    path: socketPath,
  });
  const ready = waitReady(socket);
  try {
    const child = new Deno.Command(detached.command, {
      args: [...detached.args],
      env: { ...detached.env, NOTIFY_SOCKET: socketPath },
      cwd: "/",
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      detached: true,
    }).spawn();
    return await waitReadyOrEnd(child, ready, timeoutMs);
  } finally {
    socket.close();
    await ready;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Options for {@link stopProcess}. */
export interface StopOptions {
  /** Polled: whether the program still runs. */
  readonly runs: () => Promise<boolean>;
  /** Longest wait for its end, in milliseconds. @default {10000} */
  readonly timeoutMs?: number;
}

/**
 * Sends SIGTERM to a process and waits for its end.
 *
 * @param pid Its process id.
 * @param options See {@link StopOptions}.
 * @throws {RuntimeError} when it does not end in time.
 */
export async function stopProcess(
  pid: number,
  options: StopOptions,
): Promise<void> {
  const { runs, timeoutMs = 10_000 } = options;
  try {
    Deno.kill(pid, "SIGTERM");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
    throw new RuntimeError(`process ${pid} is of another user`, {
      hint: "run as root",
      cause: error,
    });
  }
  const deadlineMs = performance.now() + timeoutMs;
  while (await runs()) {
    if (performance.now() > deadlineMs) {
      throw new RuntimeError(`process ${pid} does not end`, {
        hint: `kill -KILL ${pid} ends it at once`,
      });
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function waitReadyOrEnd(
  child: Deno.ChildProcess,
  ready: Promise<ReadyWord>,
  timeoutMs: number,
): Promise<StartOutcome> {
  const stderr = child.stderr.getReader();
  const ended = readEnd(child, stderr);
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, timeoutMs);
  const outcome = await Promise.race([
    ready.then((word): StartOutcome => ({
      kind: "ready",
      pid: child.pid,
      ...word,
    })),
    ended,
    late.promise,
  ]);
  clearTimeout(timer);
  if (outcome === undefined) child.kill("SIGTERM");
  if (outcome?.kind !== "ended") await stderr.cancel();
  child.unref();
  if (outcome !== undefined) return outcome;
  throw new RuntimeError(`not ready within ${timeoutMs / 1_000} s`, {
    hint: "its log says what it waits for",
  });
}

interface ReadyWord {
  readonly status?: string;
}

/** Resolves when the program is ready, or the socket is closed. */
async function waitReady(socket: Deno.DatagramConn): Promise<ReadyWord> {
  for await (const [bytes] of socket) {
    const lines = new TextDecoder().decode(bytes).split("\n");
    if (!lines.includes("READY=1")) continue;
    const status = lines.find((line) => line.startsWith(STATUS));
    return status === undefined ? {} : { status: status.slice(STATUS.length) };
  }
  return {};
}

async function readEnd(
  child: Deno.ChildProcess,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<StartOutcome> {
  const decoder = new TextDecoder();
  let stderr = "";
  for (let chunk = await reader.read(); !chunk.done;) {
    if (stderr.length < MAX_STDERR_BYTES) {
      stderr += decoder.decode(chunk.value, { stream: true });
    }
    chunk = await reader.read();
  }
  const { code } = await child.status;
  return { kind: "ended", exitCode: code, stderr };
}
