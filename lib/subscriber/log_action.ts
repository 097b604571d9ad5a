/**
 * `subscriberaction = log`: writes the line that a fail2ban jail on this host
 * reads.
 *
 * ```abnf
 * text = "fail2ban-zmq-tools Subscriber: Got broadcast message: " broadcast
 * broadcast = <as in wire/v1.ts, the action spelled "Ban" or "Unban">
 * ```
 *
 * The line is a protocol: existing installations and the shipped filter
 * (`fail2ban/filter.d/fail2bancluster.conf`) match it.
 *
 * @module
 */

import type { BanEvent, BanUpdate } from "../ban/ban_event.ts";
import type { LineSink } from "../log/line_sink.ts";
import type { BanAction } from "../enforce/enforcer.ts";
import type { UpdateProtection } from "../enforce/update_protection.ts";
import type { Clock } from "../async/clock.ts";
import { renderMessage } from "../wire/v1.ts";

/** Most lines passed to a sink without waiting for it. */
const MAX_LINES_AT_ONCE = 500;

/**
 * Renders the line's text for an event.
 *
 * @param event An event that the cluster reported.
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

/** Options for {@link LogAction}. */
export interface LogActionOptions {
  /** Takes the lines; its prefix makes them look like syslog lines. */
  readonly sink: LineSink;
  /** The system's clock, for the time of the lines. */
  readonly clock: Clock;
  /** Refuses bans of protected addresses: they get no line. */
  readonly protection: UpdateProtection;
}

/** Writes a line for each allowed update; done once the sink has written it. */
export class LogAction implements BanAction {
  readonly name = "log";
  readonly #options: LogActionOptions;

  /**
   * Creates the action.
   *
   * @param options The sink, and the protection.
   */
  constructor(options: LogActionOptions) {
    this.#options = options;
  }

  /**
   * Writes the lines. If the sink fails, the remaining lines are passed to it
   * without waiting, so that it writes them once it works again.
   *
   * @throws {RuntimeError} when the sink fails; see {@link LineSink.flush}.
   */
  async act(updates: readonly BanUpdate[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { sink, protection } = this.#options;
    const events = protection.allowed(updates, this.name);
    let trouble: unknown;
    for (let start = 0; start < events.length; start += MAX_LINES_AT_ONCE) {
      this.#write(events.slice(start, start + MAX_LINES_AT_ONCE));
      if (trouble !== undefined) continue;
      try {
        await sink.flush(signal);
      } catch (error) {
        trouble = error;
      }
    }
    if (trouble !== undefined) throw trouble;
  }

  #write(events: readonly BanEvent[]): void {
    const { sink, clock } = this.#options;
    for (const event of events) {
      sink.write({
        severity: "info",
        atMs: clock.nowMs(),
        text: broadcastLogText(event),
      });
    }
  }
}
