/**
 * The JSON message that a webhook's receiver gets.
 *
 * @module
 */

import { eventText, type ToldEvent } from "./told_event.ts";

/** The program that sends. */
export interface Teller {
  /** The node's name. */
  readonly node: string;
  readonly program: string;
  readonly version: string;
}

/** An event with its time, in milliseconds since 1970. */
export interface DatedEvent extends ToldEvent {
  readonly atMs: number;
}

/** The fields of a message beside its events. */
export interface MessageFrame {
  readonly teller: Teller;
  /**
   * The same for every attempt; unique only within this program of this node.
   */
  readonly id: string;
  /** Events dropped since the previous message. */
  readonly lost: number;
}

/**
 * Every field of a message in order, with its description; docs/METRICS.md
 * shows it.
 */
export const MESSAGE_FIELDS = {
  text:
    "The whole in words, an event a line. Slack, Mattermost, Rocket.Chat and others show it as it is.",
  id:
    "The same where a message is sent again: what came twice is known by it and `node` and `program`.",
  node: "The name of the node that tells.",
  program: "Its program: `fail2ban-publisher` and so on.",
  version: "Of that.",
  lost:
    "Events since the message before that are told nowhere: too many waited, or the receiver would not have them.",
  events:
    "What happened, oldest first: objects with `event`, `at` (RFC 3339, UTC) and the fields that the events above name.",
} as const satisfies Readonly<Record<string, string>>;

/**
 * Formats a message.
 *
 * @param events The events, oldest first.
 * @param frame The other fields.
 * @returns JSON.
 *
 * @example
 * ```ts
 * import { webhookMessage } from "./webhook_message.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const teller = { node: "hub", program: "fail2ban-publisher", version: "0.2.0" };
 * const message = webhookMessage(
 *   [{ event: "node_silent", node: "db3", role: "monitor", atMs: 0 }],
 *   { teller, id: "0-1", lost: 0 },
 * );
 * strictEqual(JSON.parse(message).text, "hub fail2ban-publisher: node silent db3 monitor");
 * ```
 */
export function webhookMessage(
  events: readonly DatedEvent[],
  { teller, id, lost }: MessageFrame,
): string {
  const { node, program, version } = teller;
  const lines = events.map((event) =>
    `${node} ${program}: ${eventText(event)}`
  );
  if (lost > 0) lines.push(`${node} ${program}: ${lost} more were lost`);
  const message: Record<keyof typeof MESSAGE_FIELDS, unknown> = {
    text: lines.join("\n"),
    ...{ id, node, program, version, lost },
    events: events.map(({ event, atMs, ...rest }) => ({
      event,
      at: new Date(atMs).toISOString(),
      ...rest,
    })),
  };
  return JSON.stringify(message);
}
