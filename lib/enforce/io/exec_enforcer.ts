/**
 * Enforces bans by running the operator's own program for each ban;
 * `../exec_command.ts` defines the call.
 *
 * @module
 */

import type { BanKind } from "../../ban/ban_event.ts";
import { ChildOutput } from "../../async/child_output.ts";
import { EitherSignal } from "../../async/either_signal.ts";
import { RuntimeError } from "../../base/errors.ts";
import { type ExecCall, execCall, execReason } from "../exec_command.ts";
import type { Clock } from "../../async/clock.ts";
import type { EnforcementFailure, Enforcer, HostBan } from "../enforcer.ts";

/** Options for the enforcer that runs a program. */
export interface ExecEnforcerOptions {
  readonly clock: Clock;
  /** Absolute path of the program. */
  readonly program: string;
  /**
   * Examines the program without running it.
   *
   * @throws {RuntimeError} when the system would not start it.
   */
  readonly checkProgram: (path: string) => Promise<void>;
  /** Timeout of one run. @default {10000} */
  readonly timeoutMs?: number;
  /** Maximum number of parallel runs. @default {4} */
  readonly parallel?: number;
}

const DEFAULT_PATH =
  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Maximum number of consecutive runs in one call. */
const RUNS_IN_A_ROW = 4;
/** Time between SIGTERM and SIGKILL. */
const END_TIMEOUT_MS = 1_000;
/** Timeout for a failed program's output: a child may hold the pipe open. */
const OUTPUT_TIMEOUT_MS = 100;
const MAX_OUTPUT_BYTES = 4_096;

/**
 * The {@link Enforcer} that runs a program, without a shell. Exit code 0 means
 * success; anything else is a failure of that ban alone.
 *
 * @example
 * ```ts ignore
 * const enforcer = new ExecEnforcer({ clock, program: "/usr/local/sbin/ban", checkProgram });
 * const failures = await enforcer.apply(bans, signal);
 * ```
 */
export class ExecEnforcer implements Enforcer {
  readonly name = "exec";
  readonly lapses = false;
  readonly maxBansAtOnce: number;
  readonly #clock: Clock;
  readonly #program: string;
  readonly #checkProgram: (path: string) => Promise<void>;
  readonly #timeoutMs: number;
  readonly #parallel: number;

  /** @throws {TypeError} when the program's path is not absolute. */
  constructor(options: ExecEnforcerOptions) {
    const { clock, program, timeoutMs = 10_000, parallel = 4 } = options;
    if (!program.startsWith("/")) {
      throw new TypeError(`Not an absolute path: "${program}"`);
    }
    this.#clock = clock;
    this.#program = program;
    this.#checkProgram = options.checkProgram;
    this.#timeoutMs = timeoutMs;
    this.#parallel = parallel;
    this.maxBansAtOnce = parallel * RUNS_IN_A_ROW;
  }

  async check(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#checkProgram(this.#program);
  }

  apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    return this.#runAll("ban", bans, signal);
  }

  lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    return this.#runAll("unban", bans, signal);
  }

  /** Nobody knows what a program has in force. */
  list(_signal: AbortSignal): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  async #runAll(
    kind: BanKind,
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]> {
    signal.throwIfAborted();
    const reasons = new Map<HostBan, string>();
    // All lanes take bans from the same iterator.
    const row = bans.values();
    const lanes = Array.from({ length: this.#parallel }, async () => {
      for (const ban of row) {
        const call = this.#call(kind, ban);
        const reason = typeof call === "string"
          ? call
          : await this.#run(call, signal);
        signal.throwIfAborted();
        if (reason !== undefined) reasons.set(ban, reason);
      }
    });
    for (const lane of await Promise.allSettled(lanes)) {
      if (lane.status === "rejected") throw lane.reason;
    }
    return bans.flatMap((ban) => {
      const reason = reasons.get(ban);
      return reason === undefined ? [] : [{ ban, reason }];
    });
  }

  /** The call, or the reason why there is none. */
  #call(kind: BanKind, ban: HostBan): ExecCall | string {
    try {
      return execCall(kind, ban, this.#clock.nowMs());
    } catch (error) {
      if (error instanceof TypeError) return error.message;
      throw error;
    }
  }

  /** Runs the program to its end. @returns Why it failed. */
  async #run(call: ExecCall, signal: AbortSignal): Promise<string | undefined> {
    const child = this.#spawn(call);
    if (typeof child === "string") return await this.#fault() ?? child;
    const outputs = [new Output(child.stderr), new Output(child.stdout)];
    const timeoutMs = this.#timeoutMs;
    const isInTime = await this.#within(timeoutMs, child.status, signal);
    if (!isInTime) await this.#end(child);
    const { success, code, signal: endedBy } = await child.status;
    const isDone = isInTime && success;
    if (!isDone) {
      const ended = Promise.all(outputs.map((output) => output.ended));
      await this.#within(OUTPUT_TIMEOUT_MS, ended);
    }
    // A child that it left running may keep its outputs open.
    for (const output of outputs) await output.close();
    return isDone ? undefined : await this.#fault() ?? execReason({
      end: isInTime ? endedBy ?? code : undefined,
      timeoutMs,
      outputs: outputs.map((output) => output.text),
    });
  }

  /** What is wrong with the program, if that can be found out. */
  async #fault(): Promise<string | undefined> {
    try {
      await this.#checkProgram(this.#program);
      return undefined;
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return error.message;
    }
  }

  /** The program in a process group of its own, or why it can't be started. */
  #spawn({ args, env }: ExecCall): Deno.ChildProcess | string {
    try {
      return new Deno.Command(this.#program, {
        args: [...args],
        clearEnv: true,
        env: {
          PATH: Deno.env.get("PATH") ?? DEFAULT_PATH,
          LANG: Deno.env.get("LANG") ?? "C",
          ...env,
        },
        cwd: "/",
        detached: true,
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (isOfTheSystem(error)) return error.message;
      throw error;
    }
  }

  /** Terminates the whole process group. */
  async #end(child: Deno.ChildProcess): Promise<void> {
    signalGroup(child.pid, "SIGTERM");
    await this.#within(END_TIMEOUT_MS, child.status);
    signalGroup(child.pid, "SIGKILL");
  }

  /** Whether a promise settles in time and before an abort. */
  async #within(
    ms: number,
    coming: Promise<unknown>,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const here = new AbortController();
    const signals = signal === undefined ? [] : [signal];
    using stop = new EitherSignal([here.signal, ...signals]);
    const late = this.#clock.delay(ms, stop.signal).then(
      () => false,
      () => false,
    );
    try {
      return await Promise.race([coming.then(() => true), late]);
    } finally {
      here.abort();
      await late;
    }
  }
}

/** The beginning of a program's output; the rest is read and discarded. */
class Output {
  /** Resolves at the end of the output. */
  readonly ended: Promise<void>;
  readonly #output: ChildOutput;
  readonly #decoder = new TextDecoder();
  #bytes = 0;
  #text = "";

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#output = new ChildOutput(stream);
    this.ended = this.#read();
  }

  get text(): string {
    return this.#text;
  }

  async close(): Promise<void> {
    await this.#output.cancel();
    await this.ended;
  }

  async #read(): Promise<void> {
    for (
      let piece = await this.#output.next();
      piece !== undefined;
      piece = await this.#output.next()
    ) {
      const kept = piece.subarray(0, MAX_OUTPUT_BYTES - this.#bytes);
      this.#bytes += kept.length;
      this.#text += this.#decoder.decode(kept, { stream: true });
    }
  }
}

/** Sends a signal to a process group, if any of it is left. */
function signalGroup(pid: number, name: Deno.Signal): void {
  try {
    Deno.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Whether the system reported the error; anything else is a bug. */
function isOfTheSystem(error: unknown): error is Error {
  return error instanceof Error && "code" in error;
}
