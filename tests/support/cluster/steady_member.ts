/**
 * A member that reports steadily during a test, and the durations of its
 * reports.
 *
 * @module
 */

import type { Membership } from "../../../lib/members/member.ts";
import { MEMBERSHIP_FORM } from "../../../lib/members/identity_forms.ts";
import { ChildProcess } from "../host/child_process.ts";
import { waitUntil } from "../host/wait_until.ts";
import { type Latency, latencyOf } from "./report_latency.ts";
import { STEADY_INTERVAL_MS } from "./steady_node.ts";

const PROGRAM = new URL("programs/steady_member.ts", import.meta.url);
const BARE = new URL("programs/echoing_peer.ts", import.meta.url);

/** Due times in milliseconds since 1970, and durations. */
interface Answers {
  readonly dueMs: readonly number[];
  readonly tookMs: readonly number[];
}

/** The program's output. */
interface Said {
  readonly reports: Answers;
  readonly pings: Answers;
  readonly odd: readonly string[];
  readonly sent: number | null;
}

/** The result of some work, with the durations of answers meanwhile. */
export interface Beside<T> {
  readonly result: T;
  /** The publisher's answers to reports. */
  readonly latency: Latency;
  /** A bare socket's answers, in milliseconds: the lower bound. */
  readonly bareP99Ms: number;
  /** The longest of these. */
  readonly bareMaxMs: number;
}

/** Limit of a report's 99th percentile on a quiet machine, in milliseconds. */
const MAX_P99_MS = 100;
/**
 * A report passes this many times as many programs as a message to a bare
 * socket.
 */
const HOPS = 3;
/** 99th percentile of a bare socket on a quiet machine, in milliseconds. */
const QUIET_BARE_MS = 10;

/**
 * The limit of a report's 99th percentile on this machine: longer by the
 * publisher's wait for a CPU, and by that of everybody on the report's way.
 *
 * @param times The {@link import("../host/processor_share.ts").ProcessorShare}
 * of the publisher.
 * @param bareP99Ms The bare socket's 99th percentile at the same time.
 * @returns Milliseconds.
 */
export function reportLimitMs(times: number, bareP99Ms: number): number {
  const laterMs = HOPS * Math.max(0, bareP99Ms - QUIET_BARE_MS);
  return Math.round(MAX_P99_MS * times + laterMs);
}

/** Reports a new address at an interval until disposed. */
export class SteadyMember implements AsyncDisposable {
  /** Answers that are bad, or that belong to no report. */
  readonly odd: string[] = [];
  readonly #reports = new AnswersSoFar();
  readonly #pings = new AnswersSoFar();
  readonly #child: ChildProcess;
  readonly #bare: ChildProcess;
  #sent = 0;

  private constructor(
    membership: Membership,
    bare: ChildProcess,
    bareUrl: string,
    intervalMs: number,
  ) {
    const json = MEMBERSHIP_FORM.encode(membership);
    this.#bare = bare;
    this.#child = new ChildProcess({
      command: Deno.execPath(),
      args: ["run", "-A", PROGRAM.href, json, bareUrl, `${intervalMs}`],
      onLine: (line) => this.#note(line),
    });
  }

  /**
   * Joins and starts to report.
   *
   * @param membership The member.
   * @param intervalMs Milliseconds between reports.
   */
  static async begin(
    membership: Membership,
    intervalMs: number = STEADY_INTERVAL_MS,
  ): Promise<SteadyMember> {
    const bare = new ChildProcess({
      command: Deno.execPath(),
      args: ["run", "-A", BARE.href],
    });
    const bareUrl = await bare.waitForLine(/^tcp:/);
    const member = new SteadyMember(membership, bare, bareUrl, intervalMs);
    await member.#child.waitForLine(/^{/);
    return member;
  }

  /** Number of answered reports. */
  get answered(): number {
    return this.#reports.count;
  }

  /** Runs some work, and measures the reports that were due meanwhile. */
  async during<T>(
    work: () => Promise<T>,
  ): Promise<Beside<T>> {
    const fromMs = Date.now();
    const result = await work();
    const toMs = Date.now();
    await waitUntil(() => {
      if (this.odd.length > 0) throw new Error(this.odd[0]);
      if (this.#child.hasEnded) throw new Error(this.#child.stderr.join("\n"));
      return this.#reports.isPast(toMs) && this.#pings.isPast(toMs);
    }, { what: "the next answers", intervalMs: 20 });
    const [latency, bare] = [this.#reports, this.#pings].map((answers) =>
      latencyOf(answers.between(fromMs, toMs))
    ) as [Latency, Latency];
    const { p99Ms: bareP99Ms, maxMs: bareMaxMs } = bare;
    return { result, latency, bareP99Ms, bareMaxMs };
  }

  /** Stops, and waits for missing answers. @returns The number of reports. */
  async end(): Promise<number> {
    await this.#child.end();
    return this.#sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
    await this.#bare[Symbol.asyncDispose]();
  }

  #note(line: string): void {
    if (!line.startsWith("{")) return;
    const { reports, pings, odd, sent }: Said = JSON.parse(line);
    this.#reports.add(reports);
    this.#pings.add(pings);
    this.odd.push(...odd);
    if (sent !== null) this.#sent = sent;
  }
}

/** Answers in order of their due times. */
class AnswersSoFar {
  readonly #dueMs: number[] = [];
  readonly #tookMs: number[] = [];

  get count(): number {
    return this.#dueMs.length;
  }

  add({ dueMs, tookMs }: Answers): void {
    this.#dueMs.push(...dueMs);
    this.#tookMs.push(...tookMs);
  }

  isPast(ms: number): boolean {
    return (this.#dueMs.at(-1) ?? 0) > ms;
  }

  /** The durations of answers that were due in some time. */
  between(fromMs: number, toMs: number): readonly number[] {
    return this.#tookMs.filter((_, at) => {
      const dueMs = this.#dueMs[at] ?? 0;
      return dueMs >= fromMs && dueMs <= toMs;
    });
  }
}
