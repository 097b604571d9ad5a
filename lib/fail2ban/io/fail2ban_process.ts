/**
 * `fail2ban-client` as a child process, for a fail2ban whose socket can't be
 * used directly. A command takes about 0.1 s.
 *
 * @see {@link https://github.com/fail2ban/fail2ban/blob/1.0.2/man/fail2ban-client.1 | fail2ban-client(1)}
 * @module
 */

import { type ChildResult, resultOf } from "../../async/child_output.ts";
import { RuntimeError } from "../../base/errors.ts";
import { refused } from "../answer.ts";
import { assertFail2banCommand } from "../commands.ts";
import { RestartCounter } from "../restart_counter.ts";
import type { Fail2banClient, Fail2banReply } from "../ports.ts";
import { ExclusiveWait } from "../../async/exclusive_wait.ts";

/**
 * Long, because the program's start and the actions for each address take a
 * while on a busy host.
 */
const TIMEOUT_MS = 60_000;
const NO_JAIL = /^Sorry but the jail '.*' does not exist$/m;
/**
 * Marks a message of the server, as opposed to the client; it is logged first.
 */
const SAID_NO = /\bNOK: /;
const LOGGED = /^.*?\b(?:ERROR|CRITICAL) +/;

/** Options for {@link Fail2banProcess}. */
export interface Fail2banProcessOptions {
  /** fail2ban's socket. */
  readonly socketPath: string;
  /** The program. @default {"fail2ban-client"} */
  readonly program?: string;
  /**
   * Time limit of a command, in milliseconds; then the process is killed.
   * @default {60000}
   */
  readonly timeoutMs?: number;
}

/** Sends commands through `fail2ban-client`, without a shell. */
export class Fail2banProcess implements Fail2banClient {
  readonly #options: Required<Fail2banProcessOptions>;
  readonly #exclusive = new ExclusiveWait("command");
  readonly #servers = new RestartCounter();

  /** @param options See {@link Fail2banProcessOptions}. */
  constructor(options: Fail2banProcessOptions) {
    this.#options = {
      program: "fail2ban-client",
      timeoutMs: TIMEOUT_MS,
      ...options,
    };
  }

  get servers(): number {
    return this.#servers.count;
  }

  async command(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<Fail2banReply> {
    assertFail2banCommand(words);
    using _entered = this.#exclusive.enter();
    signal.throwIfAborted();
    this.#servers.see(fileAt(this.#options.socketPath));
    const { success, stdout, stderr } = await this.#run(words, signal);
    const text = stdout.replace(/\n$/, "");
    return success ? { kind: "done", value: text } : readFailure(text, stderr);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #run(
    words: readonly string[],
    signal: AbortSignal,
  ): Promise<ChildResult> {
    const { program, timeoutMs } = this.#options;
    const child = this.#spawn(words);
    let isLate = false;
    const end = () => endIfRunning(child);
    const timer = setTimeout(() => {
      isLate = true;
      end();
    }, timeoutMs);
    signal.addEventListener("abort", end, { once: true });
    try {
      const result = await resultOf(child);
      signal.throwIfAborted();
      if (!isLate) return result;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
    }
    throw new RuntimeError(
      `${program} does not end within ${timeoutMs / 1_000} s`,
      { hint: "an action of one of fail2ban's jails may hang" },
    );
  }

  #spawn(words: readonly string[]): Deno.ChildProcess {
    const { program, socketPath } = this.#options;
    try {
      return new Deno.Command(program, {
        args: ["-s", socketPath, ...words],
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new RuntimeError(`cannot run ${program}: ${error.message}`, {
        hint: "is fail2ban installed?",
        cause: error,
      });
    }
  }
}

/** Identifies a file: a new file with the same name yields another text. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino, mtime } = Deno.statSync(path);
    return `${dev} ${ino} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

function endIfRunning(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // Its output is still being read.
    if (!(error instanceof TypeError)) throw error;
  }
}

/** Old clients log to standard output, newer ones to standard error. */
function readFailure(stdout: string, stderr: string): Fail2banReply {
  if (NO_JAIL.test(stdout)) return { kind: "no_jail" };
  const lines = stdout.split("\n").filter((line) => !SAID_NO.test(line));
  if (SAID_NO.test(stdout + stderr)) return refused(lines.join(" "));
  const [logged = "it failed"] = `${stdout}\n${stderr}`.split("\n")
    .map((line) => line.replace(LOGGED, "").trim())
    .filter((line) => line !== "");
  throw new RuntimeError(`fail2ban-client: ${logged}`, {
    hint: "does fail2ban run, and may this user write to its socket?",
  });
}
