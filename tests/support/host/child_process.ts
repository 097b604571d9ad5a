import { deadline } from "./deadline.ts";
import { waitUntil } from "./wait_until.ts";

/** Options for {@link ChildProcess}. */
export interface ChildOptions {
  /** The program. */
  readonly command: string;
  /** Its arguments. */
  readonly args: readonly string[];
  /** Additional environment. */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Time on a quiet machine until a child that was told to end is killed, in
   * milliseconds. @default {5000}
   */
  readonly endTimeoutMs?: number;
  /** Called with each line of either output. */
  readonly onLine?: (line: string) => void;
}

/** The result of an ended child. */
export interface ChildStatus {
  /** Exit code; 128 + number for a signal. */
  readonly code: number;
  /** The signal that ended it, if any. */
  readonly signal: Deno.Signal | null;
}

/**
 * A real process whose output is stored by line. Disposal ends it, by its own
 * pid.
 */
export class ChildProcess implements AsyncDisposable {
  /** Lines of standard output so far. */
  readonly stdout: string[] = [];
  /** Lines of standard error so far. */
  readonly stderr: string[] = [];
  /** Resolves when the process has ended and all its output was read. */
  readonly ended: Promise<ChildStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #endTimeoutMs: number;
  readonly #found = new Map<string, { lines: number; texts: string[] }>();
  #hasEnded = false;

  constructor(options: ChildOptions) {
    this.#endTimeoutMs = options.endTimeoutMs ?? 5_000;
    this.#child = new Deno.Command(options.command, {
      args: [...options.args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.env === undefined ? {} : { env: options.env }),
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    const output = Promise.all([
      collectLines(this.#child.stdout, this.stdout, options.onLine),
      collectLines(this.#child.stderr, this.stderr, options.onLine),
    ]);
    this.ended = this.#child.status.then(async (status) => {
      this.#hasEnded = true;
      await output;
      return { code: status.code, signal: status.signal };
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Writes a line to standard input. */
  async writeLine(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  async closeInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends a signal if the process still runs. */
  signal(name: Deno.Signal): void {
    if (this.#hasEnded) return;
    try {
      this.#child.kill(name);
    } catch (error) {
      // It has just ended, before the runtime noticed.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Sends a signal and waits for the end. */
  async end(name: Deno.Signal = "SIGTERM"): Promise<ChildStatus> {
    this.signal(name);
    return await this.ended;
  }

  /**
   * The first group of a pattern in all matching lines of standard error, in
   * order. Checks each line only once, because a slow reader of a program's
   * output blocks the program.
   */
  found(pattern: RegExp): readonly string[] {
    const seen = this.#found.getOrInsertComputed(
      pattern.source,
      () => ({ lines: 0, texts: [] }),
    );
    while (seen.lines < this.stderr.length) {
      const text = pattern.exec(this.stderr[seen.lines++] ?? "")?.[1];
      if (text !== undefined) seen.texts.push(text);
    }
    return seen.texts;
  }

  /** Waits for a line on either output. */
  async waitForLine(pattern: RegExp, timeoutMs = 15_000): Promise<string> {
    return await waitUntil(() => {
      const isIt = (text: string) => pattern.test(text);
      const line = this.stdout.find(isIt) ?? this.stderr.find(isIt);
      if (line === undefined && this.#hasEnded) {
        throw new Error(
          `Process ended without ${pattern}:\n${this.stderr.join("\n")}`,
        );
      }
      return line;
    }, { what: `${pattern} of process ${this.pid}`, timeoutMs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const killer = setTimeout(
      () => this.signal("SIGKILL"),
      deadline(this.#endTimeoutMs),
    );
    try {
      this.signal("SIGCONT");
      await this.end();
    } finally {
      clearTimeout(killer);
    }
    // The reader is gone, so unwritten input does not matter.
    await this.#input.abort().catch((error: unknown) => {
      if (!(error instanceof TypeError)) throw error;
    });
  }
}

async function collectLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lines: string[],
  onLine?: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
    if (onLine !== undefined) parts.forEach(onLine);
  }
  if (rest !== "") lines.push(rest);
}
