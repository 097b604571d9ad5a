/**
 * Runs the program `nft`.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import { ChildOutput } from "../../async/child_output.ts";
import { EitherSignal } from "../../async/either_signal.ts";
import { RuntimeError } from "../../base/errors.ts";
import {
  type NftCall,
  NftLateError,
  type NftOutcome,
  type NftProgram,
} from "../nft_program.ts";

/** Runs `nft`; several calls may run at the same time. */
export class NftProcess implements NftProgram {
  readonly #clock: Clock;
  readonly #command: readonly [string, ...string[]];

  /**
   * @param clock Measures timeouts.
   * @param command The program, and arguments that precede those of each call.
   */
  constructor(
    clock: Clock,
    command: readonly [string, ...string[]] = ["nft"],
  ) {
    this.#clock = clock;
    this.#command = command;
  }

  async call(
    { args, input = "", timeoutMs }: NftCall,
    signal: AbortSignal,
  ): Promise<NftOutcome> {
    signal.throwIfAborted();
    const child = this.#spawn(args);
    const late = new NftLateError(
      `nft has not answered for ${timeoutMs / 1_000} s`,
      { hint: "it may wait for another program that changes the firewall" },
    );
    const answered = new AbortController();
    using stop = new EitherSignal([signal, answered.signal]);
    const kill = () => endChild(child);
    signal.addEventListener("abort", kill, { once: true });
    const isLate = this.#clock.delay(timeoutMs, stop.signal).then(
      () => {
        kill();
        return true;
      },
      () => false,
    );
    const [{ success: ok }, stdout, stderr] = await Promise.all([
      child.status,
      new ChildOutput(child.stdout).bytes(),
      new ChildOutput(child.stderr).text(),
      write(child, input),
    ]).finally(() => {
      signal.removeEventListener("abort", kill);
      answered.abort();
    });
    if (await isLate) throw late;
    signal.throwIfAborted();
    return { ok, stdout, stderr };
  }

  #spawn(args: readonly string[]): Deno.ChildProcess {
    const [program, ...prefix] = this.#command;
    try {
      return new Deno.Command(program, {
        args: [...prefix, ...args],
        env: { LC_ALL: "C" },
        cwd: "/",
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      // The system's errors have a code; anything else is a bug.
      if (!(error instanceof Error && "code" in error)) throw error;
      throw new RuntimeError(`${program} can't be run: ${error.message}`, {
        hint: "install the package nftables",
        cause: error,
      });
    }
  }
}

/** The kernel commits a transaction wholly or not at all, also when nft is killed. */
function endChild(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    const hasEnded = error instanceof TypeError ||
      error instanceof Deno.errors.NotFound;
    if (!hasEnded) throw error;
  }
}

/**
 * Writes and closes together: when the stream breaks in between, older runtimes
 * refuse to close it and give no reason.
 */
async function write(child: Deno.ChildProcess, text: string): Promise<void> {
  const writer = child.stdin.getWriter();
  const settled = await Promise.allSettled([
    writer.write(new TextEncoder().encode(text)),
    writer.close(),
  ]);
  for (const each of settled) {
    if (each.status === "fulfilled") continue;
    // It ended without reading everything; its exit code tells why.
    if (!(each.reason instanceof Deno.errors.BrokenPipe)) throw each.reason;
  }
}
