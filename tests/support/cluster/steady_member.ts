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

const PROGRAM = new URL("programs/steady_member.ts", import.meta.url);

/** What the program says. */
interface Said {
  readonly dueMs: readonly number[];
  readonly tookMs: readonly number[];
  readonly odd: readonly string[];
  readonly sent: number | null;
}

/** Reports another address every 20 ms until disposed. */
export class SteadyMember implements AsyncDisposable {
  /** Answers that were none to a report of its own, or a bad one. */
  readonly odd: string[] = [];
  /** When each was due, in milliseconds since 1970, and how long it took. */
  readonly #dueMs: number[] = [];
  readonly #tookMs: number[] = [];
  readonly #child: ChildProcess;
  #sent = 0;

  private constructor(membership: Membership) {
    this.#child = new ChildProcess({
      command: Deno.execPath(),
      args: ["run", "-A", PROGRAM.href, MEMBERSHIP_FORM.encode(membership)],
      onLine: (line) => this.#note(line),
    });
  }

  /** Joins and begins. */
  static async begin(membership: Membership): Promise<SteadyMember> {
    const member = new SteadyMember(membership);
    await member.#child.waitForLine(/^{/);
    return member;
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Reports that were answered so far. */
  get answered(): number {
    return this.#dueMs.length;
  }

  /** Has something done, and tells how long the reports took that were due meanwhile. */
  async during<T>(
    work: () => Promise<T>,
  ): Promise<{ readonly result: T; readonly latency: Latency }> {
    const from = await this.#answeredAfter(Date.now());
    const result = await work();
    const to = await this.#answeredAfter(Date.now());
    return { result, latency: latencyOf(this.#tookMs.slice(from, to)) };
  }

  /** Reports no more, and waits for what is still to be answered. @returns How many it reported. */
  async end(): Promise<number> {
    await this.#child.end();
    return this.#sent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  /** Waits for the answer to a report that is due later. @returns How many were before it. */
  async #answeredAfter(sinceMs: number): Promise<number> {
    return await waitUntil(() => {
      if (this.odd.length > 0) throw new Error(this.odd[0]);
      if (this.#child.hasEnded) throw new Error(this.#child.stderr.join("\n"));
      const at = this.#dueMs.findLastIndex((dueMs) => dueMs <= sinceMs) + 1;
      return at < this.#dueMs.length && at;
    }, { what: "the next answers", intervalMs: 20 });
  }

  #note(line: string): void {
    if (!line.startsWith("{")) return;
    const { dueMs, tookMs, odd, sent }: Said = JSON.parse(line);
    this.#dueMs.push(...dueMs);
    this.#tookMs.push(...tookMs);
    this.odd.push(...odd);
    if (sent !== null) this.#sent = sent;
  }
}
