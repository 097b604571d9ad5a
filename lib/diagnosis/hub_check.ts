/**
 * Checks a node's connection to its publisher, and what they know of each
 * other.
 *
 * @module
 */

import { endpointHost, endpointPort } from "../base/endpoint_url.ts";
import type { HostName } from "../base/host_name.ts";
import { explainSilence, type SilenceCause } from "../client/silence.ts";
import type { StatusFigures } from "../service/status_report.ts";
import { spanText } from "../views/plain_texts.ts";
import {
  type Commands,
  type PlacedOption,
  serviceCommand,
  setCommand,
} from "./fix_commands.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** The observed state of one of the publisher's ports. */
export interface ReachFacts {
  /** The option that sets its URL. */
  readonly option: PlacedOption;
  /** The configured URL. */
  readonly url: string;
  /** The URL in the join code. */
  readonly joinedUrl: string;
  readonly cause: SilenceCause;
  /** What should listen there; for protocol 1 it is `plain`. */
  readonly expected: "encrypted" | "plain";
  /** Duration of connecting, in milliseconds. */
  readonly tookMs: number;
  /** Whether the publisher runs on this host. */
  readonly isHere: boolean;
}

/** The membership of this host. */
export type MembershipFacts =
  | {
    readonly kind: "joined";
    readonly node: HostName;
    readonly isOwn: boolean;
  }
  /** It speaks protocol 2, but has not joined. */
  | { readonly kind: "missing" }
  /**
   * It has joined, but does not speak protocol 2, because these options are not
   * set.
   */
  | {
    readonly kind: "unused";
    readonly options: readonly PlacedOption[];
    readonly url: string;
  }
  | {
    readonly kind: "damaged";
    readonly reason: string;
    readonly hint: string | undefined;
  }
  /** No program here speaks protocol 2. */
  | { readonly kind: "none" };

/** Time after which a new copy should follow the stream, in seconds. */
const FOLLOWING_S = 30;
const CLOCK_WARNING_S = 5;
const CLOCK_FAULT_S = 60;

/** Checks the membership of this host. */
export function checkMembership(
  facts: MembershipFacts,
  commands: Commands,
): readonly Finding[] {
  const subject = "membership";
  switch (facts.kind) {
    case "none":
      return [];
    case "joined":
      return facts.isOwn ? [fine(subject, `this host is ${facts.node}`)] : [
        fault(
          subject,
          `this host has joined as ${facts.node}, and general.hostname is another`,
          setCommand(
            commands,
            { section: "general", key: "hostname", from: undefined },
            facts.node,
          ),
        ),
      ];
    case "missing":
      return [fault(
        subject,
        "this host has not joined: it needs a code of fail2ban-cluster node add NAME, on the hub",
        "fail2ban-cluster join CODE",
      )];
    case "unused":
      return facts.options.map((option) =>
        warning(
          subject,
          `[${option.section}] speaks protocol 1, though this host has joined`,
          setCommand(commands, option, facts.url),
        )
      );
    case "damaged":
      return [fault(subject, facts.reason, chmodOr(facts.hint))];
  }
}

/** Extracts the command from a hint, or returns the hint if it has none. */
function chmodOr(hint: string | undefined): string | undefined {
  return /run: (.*)$/s.exec(hint ?? "")?.[1] ?? hint;
}

/** Checks that the publisher's ports answer. */
export function checkReach(
  looks: readonly ReachFacts[],
  node: HostName | undefined,
  commands: Commands,
): readonly Finding[] {
  if (looks.length === 0) return [];
  const subject = "reach hub";
  const bad = looks.filter(({ cause, expected }) => cause.kind !== expected);
  if (bad.length === 0) return [fine(subject, reachText(looks))];
  const isPart = bad.length < looks.length;
  return bad.map((look) => {
    const { url, joinedUrl, cause } = look;
    const asked = node === undefined ? undefined : explainSilence({
      ...{ cause, stage: "connection", url, joinedUrl, node },
    });
    const other = isPart ? ", though its other port answers" : "";
    return fault(
      subject,
      `${asked?.reason ?? `no answer from ${url}`}${other}`,
      reachFix(look, commands) ?? asked?.hint,
    );
  });
}

function reachText(looks: readonly ReachFacts[]): string {
  const [first, ...others] = looks;
  if (first === undefined) return "";
  const took = ({ tookMs }: ReachFacts) => `${tookMs.toFixed(1)} ms`;
  const place = ({ url }: ReachFacts) => url.replace(/^tcp:\/\//, "");
  const host = endpointHost(first.url);
  const short = (look: ReachFacts) =>
    host !== undefined && endpointHost(look.url) === host
      ? `${endpointPort(look.url)}`
      : place(look);
  return [
    `${place(first)} in ${took(first)}`,
    ...others.map((look) => `${short(look)} in ${took(look)}`),
  ].join(", ");
}

/** The command to fix a port that does not answer. */
function reachFix(
  { option, url, joinedUrl, cause, isHere }: ReachFacts,
  commands: Commands,
): string | undefined {
  // If the join code contains another URL, that one is more likely right.
  if (url !== joinedUrl && cause.kind !== "unreachable") {
    return setCommand(commands, option, joinedUrl);
  }
  const host = endpointHost(url) ?? url;
  const port = endpointPort(url);
  switch (cause.kind) {
    case "lookup":
      return `getent hosts ${host}`;
    case "refused":
      return isHere
        ? serviceCommand(commands, "start", "fail2ban-publisher")
        : `on ${host}: fail2ban-cluster doctor`;
    case "unreachable":
      return `on ${host}: nft insert rule inet filter input tcp dport ${port} accept`;
    case "stranger":
    case "plain":
      return `on ${host}: ss -ltnp 'sport = :${port}'`;
    case "encrypted":
      return undefined;
  }
}

/** What a running program of the node reports about the publisher. */
export interface SightFacts {
  readonly program: string;
  readonly figures: StatusFigures;
  /** How long the program has been running, in seconds. */
  readonly upSeconds: number;
}

/** Checks whether the publisher serves this node, according to its programs. */
export function checkSight(
  sights: readonly SightFacts[],
): readonly Finding[] {
  const seen = new Set<string>();
  return sights.flatMap(({ program, figures }) => {
    const trouble = String(figures["publisherTrouble"] ?? "none");
    if (trouble === "none" || seen.has(trouble)) return [];
    seen.add(trouble);
    const hint = String(figures["publisherHint"] ?? "none");
    return [fault(
      "hub serves",
      `${program}: ${trouble}`,
      hint === "none" ? undefined : sightFix(hint),
    )];
  });
}

/** Extracts the command from a hint, or returns the hint if it has none. */
function sightFix(hint: string): string {
  const [, command, where = ""] =
    /(fail2ban-cluster node (?:rotate|release|add) [^\s,;:]+)(, on the (?:publisher's host|hub))?/
      .exec(hint) ?? [];
  if (command === undefined) return hint;
  return where === "" && /rotate/.test(command)
    ? `on the hub: ${command}; then here: fail2ban-cluster join CODE`
    : `on the hub: ${command}`;
}

/** Checks whether a subscriber's copy follows the stream. */
export function checkFollowing(
  { program, figures, upSeconds }: SightFacts,
): readonly Finding[] {
  const isCut = upSeconds > FOLLOWING_S &&
    figures["publisherAnswers"] === true &&
    figures["following"] === false;
  return isCut
    ? [fault(
      "copy of bans",
      `${program} has contact, and its copy does not follow: is streamserver right, and its port open?`,
      `${program} status`,
    )]
    : [];
}

/** Compares this host's clock with the publisher's. */
export function checkClock(sights: readonly SightFacts[]): readonly Finding[] {
  const known = sights.map(({ figures }) => figures["clockAheadSeconds"])
    .filter((seconds) => typeof seconds === "number");
  const [ahead] = known.toSorted((left, right) =>
    Math.abs(right) - Math.abs(left)
  );
  if (ahead === undefined) return [];
  const off = Math.abs(ahead);
  if (off < CLOCK_WARNING_S) {
    return [fine("clock", "agrees with the hub's")];
  }
  const side = ahead > 0 ? "ahead of" : "behind";
  const text = `${side} the hub's by ${longSpan(off)}`;
  const fix = "timedatectl set-ntp true";
  return [
    off < CLOCK_FAULT_S
      ? warning("clock", text, fix)
      : fault("clock", text, fix),
  ];
}

/** A duration in two units, as in `3 h 2 s`. */
function longSpan(seconds: number): string {
  const largest = spanText(seconds * 1_000);
  const units = [86_400, 3_600, 60, 1];
  const size = units.find((each) => seconds >= each) ?? 1;
  const rest = seconds % size;
  return rest === 0 ? largest : `${largest} ${spanText(rest * 1_000)}`;
}

/** Compares the publisher's version with this host's. */
export function checkHubVersion(
  sights: readonly SightFacts[],
  version: string,
): readonly Finding[] {
  const theirs = sights.map(({ figures }) => figures["publisherVersion"])
    .find((each) => typeof each === "string" && each !== "unknown");
  if (typeof theirs !== "string" || theirs === version) return [];
  const isOlder = isBefore(theirs, version);
  return [warning(
    "version",
    `the hub runs ${theirs}, this host ${version}`,
    `${isOlder ? "on the hub" : "here"}: install.sh upgrade`,
  )];
}

function isBefore(left: string, right: string): boolean {
  const parts = (text: string) => text.split(/[.+-]/).map(Number);
  const [ours, theirs] = [parts(left), parts(right)];
  const at = ours.findIndex((part, index) => part !== theirs[index]);
  return (ours[at] ?? 0) < (theirs[at] ?? 0);
}

/** Revisions of the cluster's allowlist; `undefined`: unknown. */
export interface AllowlistFacts {
  /** The revision that the subscriber on this host has. */
  readonly kept: number | undefined;
  /** The revision of the publisher, if it runs on this host. */
  readonly hubs: number | undefined;
}

/** Checks whether the subscriber on this host has the publisher's allowlist. */
export function checkAllowlist(
  { kept, hubs }: AllowlistFacts,
  commands: Commands,
): readonly Finding[] {
  const isOld = kept !== undefined && hubs !== undefined && kept !== hubs;
  return isOld
    ? [warning(
      "allowlist",
      "what this host's subscriber has is older than the hub's",
      serviceCommand(commands, "restart", "fail2ban-subscriber"),
    )]
    : [];
}
