/**
 * The rules for which reports a receiver takes. They are pure, and the same at
 * the subscriber, which acts on them, and at the publisher, which reports on
 * them.
 *
 * | a report of another node                         | is         |
 * | ------------------------------------------------ | ---------- |
 * | whose jail or node is not taken, or is left out  | left out   |
 * | else, whose node is observed                     | observed   |
 * | else                                             | taken      |
 *
 * A ban is taken while one of its reports is taken, observed while none is
 * taken and one is observed, and left out otherwise. Operators' bans are taken
 * whatever jails and nodes are asked for; only the ignore patterns leave them
 * out. The publisher's derived reports (widened networks, lengthened bans) are
 * taken only if no report of a node can be left out.
 *
 * @module
 */

import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";
import { rememberResults } from "../base/name_cache.ts";
import { ANY_NAME, matchesAnyName } from "../base/name_patterns.ts";
import {
  IMPORT_PREFIX,
  isDerivedOrigin,
  isOperatorOrigin,
  OPERATOR_JAIL,
} from "../base/operator_name.ts";

/**
 * Patterns of jails, and of nodes and lists. Node names are compared without
 * case.
 */
export interface ReceiverChoice {
  /** Only these jails are taken. */
  readonly takeJails: readonly string[];
  /** These jails are left out, whatever the other members say. */
  readonly ignoreJails: readonly string[];
  /** Only reports of these nodes are taken. */
  readonly takeNodes: readonly string[];
  /** Reports of these nodes are left out, whatever the other members say. */
  readonly ignoreNodes: readonly string[];
  /** Reports of these nodes are counted, but not acted on. */
  readonly observeNodes: readonly string[];
}

/** A receiver and its choice. */
export interface Receiver {
  /** Its own reports don't matter to it: its own fail2ban has these bans. */
  readonly hostName: HostName;
  /** What it takes. */
  readonly choice: ReceiverChoice;
}

/** How a receiver treats a report. */
export type ReportPlace = "own" | "taken" | "observed" | "left-out";

/** How a receiver treats a ban. */
export type BanPlace = Exclude<ReportPlace, "own">;

/** The parts of a ban on which the choice depends. */
export interface ChosenBan {
  /** Its jail. */
  readonly jail: JailName;
  /** Its reports. */
  readonly reports: readonly { readonly origin: HostName }[];
}

/** Takes everything. */
export const TAKE_ALL: ReceiverChoice = {
  takeJails: [ANY_NAME],
  ignoreJails: [],
  takeNodes: [ANY_NAME],
  ignoreNodes: [],
  observeNodes: [],
};

/** The same choice, but observing only. */
export function onlyObserving(choice: ReceiverChoice): ReceiverChoice {
  return { ...choice, observeNodes: [ANY_NAME] };
}

/** Maximum number of left-out nodes that a text names; it counts the others. */
const MAX_NAMED = 3;

/** A receiver's choice, cached by name. */
interface KnownNames {
  readonly placeOf: (origin: HostName) => ReportPlace;
  readonly takesJail: (jail: JailName) => boolean;
}

/**
 * By receiver, which never changes and is asked about each of a million bans.
 */
const KNOWN_NAMES = new WeakMap<Receiver, KnownNames>();

/**
 * Returns how a receiver treats a report.
 *
 * @example
 * ```ts
 * import { placeOfReport, TAKE_ALL } from "./receiver_choice.ts";
 * import { parseHostName } from "../base/host_name.ts";
 * import { parseJailName } from "../base/jail_name.ts";
 * import { ok, strictEqual } from "node:assert/strict";
 *
 * const [hostName, origin] = [parseHostName("db1"), parseHostName("web1")];
 * const jail = parseJailName("sshd");
 * ok(hostName && origin && jail);
 * const choice = { ...TAKE_ALL, ignoreJails: ["ssh*"] };
 * const receiver = { hostName, choice };
 * strictEqual(placeOfReport(receiver, jail, origin), "left-out");
 * strictEqual(placeOfReport(receiver, jail, hostName), "own");
 * ```
 */
export function placeOfReport(
  receiver: Receiver,
  jail: JailName,
  origin: HostName,
): ReportPlace {
  const known = knownNames(receiver);
  const place = known.placeOf(origin);
  return place === "own" || known.takesJail(jail) ? place : "left-out";
}

function knownNames(receiver: Receiver): KnownNames {
  const known = KNOWN_NAMES.get(receiver);
  if (known !== undefined) return known;
  const names: KnownNames = {
    placeOf: rememberResults((origin) => placeOfSource(receiver, origin)),
    takesJail: rememberResults((jail) => takesJail(receiver.choice, jail)),
  };
  KNOWN_NAMES.set(receiver, names);
  return names;
}

/**
 * How a receiver treats reports of a node, a list or the publisher in jails
 * that it takes.
 */
export function placeOfSource(
  { hostName, choice }: Receiver,
  origin: HostName,
): ReportPlace {
  if (sameHost(origin, hostName)) return "own";
  if (!takesNode(choice, origin)) return "left-out";
  if (matchesNode(choice.observeNodes, origin)) return "observed";
  return isDerivedOrigin(origin) ? placeOfDerived(choice, origin) : "taken";
}

/**
 * Derived reports don't say from whose reports they were derived. If one of
 * those may be left out, the derived report is left out, too, unless it is
 * asked for by name. Nothing is derived from lists.
 */
function placeOfDerived(
  { takeNodes, ignoreNodes, observeNodes }: ReceiverChoice,
  origin: HostName,
): ReportPlace {
  // A pattern such as `w*` is meant for nodes and names no derived origin.
  const named = takeNodes.filter((pattern) => !pattern.includes(ANY_NAME));
  if (matchesNode(named, origin)) return "taken";
  const concerns = (pattern: string) =>
    !pattern.toLowerCase().startsWith(IMPORT_PREFIX);
  if (!takeNodes.includes(ANY_NAME) || ignoreNodes.some(concerns)) {
    return "left-out";
  }
  return observeNodes.some(concerns) ? "observed" : "taken";
}

/**
 * How a receiver treats a ban; it leaves out a ban that only the receiver
 * reports.
 */
export function placeOfBan(
  receiver: Receiver,
  { jail, reports }: ChosenBan,
): BanPlace {
  let isObserved = false;
  for (const { origin } of reports) {
    const place = placeOfReport(receiver, jail, origin);
    if (place === "taken") return place;
    if (place === "observed") isObserved = true;
  }
  return isObserved ? "observed" : "left-out";
}

/** Why a ban is left out, as half a sentence: `leaves out jail sshd`. */
export function leftOutReason(
  { hostName, choice }: Receiver,
  { jail, reports }: ChosenBan,
): string {
  if (!takesJail(choice, jail)) return `leaves out jail ${jail}`;
  const others = reports.flatMap(({ origin }) =>
    sameHost(origin, hostName) ? [] : [sourceText(origin)]
  );
  const more = others.length - MAX_NAMED;
  const names = others.slice(0, MAX_NAMED).join(", ");
  return `leaves out ${names}${more > 0 ? ` and ${more} more` : ""}`;
}

/** Whether a receiver only observes some bans, or all of them. */
export function observesSome({ observeNodes }: ReceiverChoice): boolean {
  return observeNodes.length > 0;
}

/**
 * A choice in words, such as `leaves out jail sshd`; empty if it takes
 * everything.
 */
export function choiceText(choice: ReceiverChoice): string {
  const { takeJails, ignoreJails, takeNodes, ignoreNodes } = choice;
  const taken = [
    ...limits("jail", takeJails),
    ...limits("node", takeNodes),
  ];
  const ignored = [
    ...named("jail", ignoreJails),
    ...named("node", ignoreNodes),
  ];
  return [
    ...(taken.length === 0 ? [] : [`takes ${taken.join(", ")} only`]),
    ...(ignored.length === 0 ? [] : [`leaves out ${ignored.join(", ")}`]),
    ...observedTexts(choice),
  ].join("; ");
}

function observedTexts({ observeNodes }: ReceiverChoice): readonly string[] {
  if (observeNodes.length === 0) return [];
  return observeNodes.includes(ANY_NAME)
    ? ["only observes"]
    : [`observes ${named("node", observeNodes).join(", ")}`];
}

function limits(what: string, patterns: readonly string[]): readonly string[] {
  return patterns.includes(ANY_NAME) ? [] : named(what, patterns);
}

function named(what: string, patterns: readonly string[]): readonly string[] {
  return patterns.map((pattern) =>
    pattern.toLowerCase().startsWith(IMPORT_PREFIX)
      ? `list ${pattern.slice(IMPORT_PREFIX.length)}`
      : `${what} ${pattern}`
  );
}

/** Whether bans of a jail are taken or observed. */
export function takesJail(
  { takeJails, ignoreJails }: ReceiverChoice,
  jail: JailName,
): boolean {
  return (jail === OPERATOR_JAIL || matchesAnyName(takeJails, jail)) &&
    !matchesAnyName(ignoreJails, jail);
}

function takesNode(
  { takeNodes, ignoreNodes }: ReceiverChoice,
  origin: HostName,
): boolean {
  return (isOperatorOrigin(origin) || matchesNode(takeNodes, origin)) &&
    !matchesNode(ignoreNodes, origin);
}

function matchesNode(patterns: readonly string[], origin: HostName): boolean {
  if (patterns.length === 0) return false;
  const name = canonicalHost(origin);
  return patterns.some((pattern) =>
    matchesAnyName([pattern.toLowerCase()], name)
  );
}

function sourceText(origin: HostName): string {
  if (isOperatorOrigin(origin)) return "what operators ban";
  if (isDerivedOrigin(origin)) return `what is ${origin}`;
  const [text = origin] = named("node", [origin]);
  return text;
}
