/**
 * The events that the webhook sends.
 *
 * @module
 */

import type { FaultName } from "../metrics/health.ts";

/**
 * Every kind of event with its description; the table in docs/METRICS.md is
 * generated from it.
 */
export const TOLD_EVENTS = {
  started: "A program began its work.",
  fault:
    "Something is wrong with a program: `fault` is its name, `words` what is so.",
  recovered: "It is so no more.",
  node_silent:
    "At the publisher: a program of `node` gave no sign of life for too long; `role` is which.",
  node_back: "At the publisher: it is there again.",
  set_aside:
    "At the publisher: the reports of `node` are set aside; `words` is why.",
  released: "At the publisher: they are taken again.",
  not_enforced:
    "At the publisher: `node` has bans not in force for a minute; `action` is which of its actions, `words` how many.",
  enforced: "At the publisher: it has all of them in force again.",
  operator: "At the publisher: an operator did something; `words` is the verb.",
} as const satisfies Readonly<Record<string, string>>;

/** A kind of event. */
export type ToldKind = keyof typeof TOLD_EVENTS;

/** Every {@link ToldKind}, in the order of the table. */
export const TOLD_KINDS = Object.keys(TOLD_EVENTS) as readonly ToldKind[];

/** An event. */
export interface ToldEvent {
  /** `test`: an operator checks whether messages arrive. */
  readonly event: ToldKind | "test";
  readonly fault?: FaultName;
  /** A node's name. */
  readonly node?: string;
  /** Which of the node's programs. */
  readonly role?: string;
  /** Which of the node's actions. */
  readonly action?: string;
  /** A description for people. */
  readonly words?: string;
}

/**
 * Formats an event as one sentence.
 *
 * @example
 * ```ts
 * import { eventText } from "./told_event.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(
 *   eventText({ event: "fault", fault: "store", words: "the disk is full" }),
 *   "fault store: the disk is full",
 * );
 * ```
 */
export function eventText(
  { event, fault, node, role, action, words }: ToldEvent,
): string {
  const subject = [event.replaceAll("_", " "), node, role, action, fault]
    .filter((part) => part !== undefined).join(" ");
  return words === undefined ? subject : `${subject}: ${words}`;
}

const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?![\w])/g;
const IPV6 =
  /(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]+(?:\d{1,3}(?:\.\d{1,3}){3})?(?:\/\d{1,3})?(?![\w:])/g;

/**
 * Removes addresses from an event's words: a firewall's error text may name the
 * address of a ban.
 *
 * @example
 * ```ts
 * import { withoutAddresses } from "./told_event.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const event = { event: "fault", words: "nft: 2001:db8::7, 203.0.113.7/32: exists" } as const;
 * strictEqual(withoutAddresses(event).words, "nft: (address), (address): exists");
 * ```
 */
export function withoutAddresses(event: ToldEvent): ToldEvent {
  const { words } = event;
  if (words === undefined) return event;
  const masked = words.replace(IPV6, HIDDEN).replace(IPV4, HIDDEN);
  return { ...event, words: masked };
}

const HIDDEN = "(address)";
