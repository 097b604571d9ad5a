/**
 * `subscriberaction = log`: writes the line that a fail2ban jail of the host
 * reads.
 *
 * ```abnf
 * text = "fail2ban-zmq-tools Subscriber: Got broadcast message: " broadcast
 * broadcast = <as in wire_v1.ts, the action spelled "Ban" or "Unban">
 * ```
 *
 * The line is a protocol: existing installations match it, and the shipped
 * filter (`fail2ban/filter.d/fail2bancluster.conf`) does.
 *
 * @module
 */

import type { BanEvent } from "../ban/ban_event.ts";
import type { LineSink } from "../log/line_sink.ts";
import type { BanAction } from "../enforce/ban_action.ts";
import type { Clock } from "../async/clock.ts";
import { renderMessage } from "../wire/v1.ts";

/** A sink is never handed more lines than this without waiting for it. */
const MAX_LINES_AT_ONCE = 100;

/**
 * Renders the line's text for an event.
 *
 * @param event What the cluster reported.
 *
 * @example
 * ```ts
 * import { broadcastLogText } from "./log_action.ts";
 * import { parseAddress } from "../base/address.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const origin = parseHostName("web-1");
 * const jail = parseJailName("sshd");
 * const address = parseAddress("192.0.2.1");
 * if (!origin || !jail || !address) throw new Error("bad example");
 * strictEqual(
 *   broadcastLogText({ kind: "ban", origin, jail, address }),
 *   "fail2ban-zmq-tools Subscriber: Got broadcast message: web-1|sshd|Ban|192.0.2.1",
 * );
 * ```
 */
export function broadcastLogText(event: BanEvent): string {
  return "fail2ban-zmq-tools Subscriber: Got broadcast message: " +
    renderMessage(event);
}

/** Writes a line for every event; done once the sink has written it. */
export class LogAction implements BanAction {
  readonly name = "log";
  readonly #sink: LineSink;
  readonly #clock: Clock;

  /**
   * Makes an action that writes lines.
   *
   * @param sink Where the lines go; its prefix makes them look like syslog's.
   * @param clock Time.
   */
  constructor(sink: LineSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  /**
   * Writes the lines. Where the sink is in trouble the rest is handed to it
   * without waiting, so that it comes out once the trouble is over.
   *
   * @throws {RuntimeError} when the sink can't write; see {@link LineSink.flush}.
   */
  async act(events: readonly BanEvent[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    let trouble: unknown;
    for (let start = 0; start < events.length; start += MAX_LINES_AT_ONCE) {
      this.#write(events.slice(start, start + MAX_LINES_AT_ONCE));
      if (trouble !== undefined) continue;
      try {
        await this.#sink.flush(signal);
      } catch (error) {
        trouble = error;
      }
    }
    if (trouble !== undefined) throw trouble;
  }

  #write(events: readonly BanEvent[]): void {
    for (const event of events) {
      this.#sink.write({
        severity: "info",
        atMs: this.#clock.nowMs(),
        text: broadcastLogText(event),
      });
    }
  }
}
