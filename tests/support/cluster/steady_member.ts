/**
 * A member that reports steadily beside a test, and how long its reports took.
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

/** When each was due, in milliseconds since 1970, and how long it took. */
interface Answers {
  readonly dueMs: readonly number[];
  readonly tookMs: readonly number[];
}

/** What the program says. */
interface Said {
  readonly reports: Answers;
  readonly pings: Answers;
  readonly odd: readonly string[];
  readonly sent: number | null;
}

/** What was done, and how long answers took meanwhile. */
export interface Beside<T> {
  readonly result: T;
  /** The publisher's, to reports. */
  readonly latency: Latency;
  /** A bare socket's, in milliseconds: the least that they could take. */
  readonly bareP99Ms: number;
  /** The longest of those. */
  readonly bareMaxMs: number;
}

/** What a report takes at most, 99 times in 100, on a quiet machine, in milliseconds. */
const MAX_P99_MS = 100;
/** On its way a report is handed on so many times as often as what a bare socket is told. */
const HOPS = 3;
/** What a bare socket takes on a quiet machine, 99 times in 100, in milliseconds. */
const QUIET_BARE_MS = 10;

/**
 * What a report may take, 99 times in 100: so much longer than on a quiet
 * machine as the publisher had to wait for a processor in its work, and as
 * everybody who hands something on.
 *
 * @param times As {@link import("../host/processor_share.ts").ProcessorShare} says of the publisher.
 * @param bareP99Ms What a bare socket took at the same time.
 * @returns Milliseconds.
 */
export function reportLimitMs(times: number, bareP99Ms: number): number {
  const laterMs = HOPS * Math.max(0, bareP99Ms - QUIET_BARE_MS);
  return Math.round(MAX_P99_MS * times + laterMs);
}

/** Reports another address at an interval until disposed. */
export class SteadyMember implements AsyncDisposable {
  /** Answers that were none to a report of its own, or a bad one. */
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
   * Joins and begins.
   *
   * @param membership Whose reports they are.
   * @param intervalMs Milliseconds from one report to the next.
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

  /** Reports that were answered so far. */
  get answered(): number {
    return this.#reports.count;
  }

  /** Has something done, and tells how long the reports took that were due meanwhile. */
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

  /** Reports no more, and waits for what is still to be answered. @returns How many it reported. */
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

/** Answers in the order in which they were due. */
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

  /** How long those took that were due in a while. */
  between(fromMs: number, toMs: number): readonly number[] {
    return this.#tookMs.filter((_, at) => {
      const dueMs = this.#dueMs[at] ?? 0;
      return dueMs >= fromMs && dueMs <= toMs;
    });
  }
}
