/**
 * A receiver of heartbeats and webhooks in memory.
 *
 * @module
 */

import type { HttpTarget } from "../../../lib/http/http_target.ts";
import type { HttpAsker, HttpQuestion } from "../../../lib/notify/ports.ts";

/** Its URL. */
export const TARGET: HttpTarget = {
  url: "https://alerts.example.org/hook/5f2c9d",
  shown: "https://alerts.example.org/********",
};

/** Stores the requests. */
export class MemoryReceiver implements HttpAsker {
  /** The requests, oldest first. */
  readonly asked: HttpQuestion[] = [];
  /** Why it refuses requests. */
  trouble: Error | undefined;
  /** Whether it answers. */
  answers = true;

  /** The accepted messages, parsed. */
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
