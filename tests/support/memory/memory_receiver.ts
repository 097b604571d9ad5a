/**
 * Who is told by heartbeats and webhooks, in memory.
 *
 * @module
 */

import type { HttpTarget } from "../../../lib/http/http_target.ts";
import type { HttpAsker, HttpQuestion } from "../../../lib/notify/ports.ts";

/** Where it is asked. */
export const TARGET: HttpTarget = {
  url: "https://alerts.example.org/hook/5f2c9d",
  shown: "https://alerts.example.org/********",
};

/** Keeps what it is asked. */
export class MemoryReceiver implements HttpAsker {
  /** What it was asked, oldest first. */
  readonly asked: HttpQuestion[] = [];
  /** Why it does not take it. */
  trouble: Error | undefined;
  /** Whether it answers at all. */
  answers = true;

  /** What it took, parsed. */
  readonly messages: Record<string, unknown>[] = [];

  async ask(question: HttpQuestion, signal: AbortSignal): Promise<void> {
    this.asked.push(question);
    if (!this.answers) await hung(signal);
    if (this.trouble !== undefined) throw this.trouble;
    if (question.json !== undefined) {
      this.messages.push(JSON.parse(question.json));
    }
  }
}

function hung(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), {
      once: true,
    });
  });
}
