/**
 * Checks the engine that several publishers share: whether each member of etcd
 * answers, runs a version that loses nothing, has room, and compacts its
 * history.
 *
 * @module
 */

import type { MemberCondition } from "../engine/etcd_condition.ts";
import { spanText } from "../views/plain_texts.ts";
import { fault, type Finding, fine, warning } from "./finding.ts";

/** A member of etcd that answers. */
export interface AnsweringMember extends MemberCondition {
  readonly url: string;
  readonly trouble: undefined;
}

/** A member of etcd at one of the addresses. */
export type EngineMember =
  | AnsweringMember
  /** It does not answer; `trouble` says why, and nothing else is known. */
  | { readonly url: string; readonly trouble: string };

/** The engine, as seen from this host. */
export interface EngineFacts {
  /** Why it can't be asked at all; `undefined`: it can. */
  readonly trouble:
    | { readonly reason: string; readonly hint: string | undefined }
    | undefined;
  readonly members: readonly EngineMember[];
  /** Whether this host uses a password for it. */
  readonly hasLogin: boolean;
  /**
   * For how long it has kept every beat, in milliseconds; `undefined`: unknown.
   */
  readonly keptBeatsMs: number | undefined;
  /** Publishers that last reported other settings than this host's. */
  readonly otherSettings: readonly string[];
}

const SUBJECT = "engine";
/**
 * The oldest releases that lose nothing they acknowledged when they are killed.
 */
const FLOORS: Readonly<Record<string, number>> = { "3.4": 22, "3.5": 6 };
/**
 * Room for two snapshots of a million bans, the log, and what is not compacted
 * yet.
 */
const MIN_QUOTA_BYTES = 2 ** 31;
/** Share of the quota above which little time is left. */
const FULL_SHARE = 0.8;
/** Compaction runs once a day and may miss a turn. */
const MAX_KEPT_MS = 2 * 86_400_000;
const MEBIBYTE = 2 ** 20;

/** Checks the engine; returns one finding for each problem. */
export function checkEngine(facts: EngineFacts): readonly Finding[] {
  const { trouble, members, otherSettings } = facts;
  if (trouble !== undefined) {
    return [fault(SUBJECT, trouble.reason, trouble.hint)];
  }
  const answering = members.filter(isAnswering);
  const found = [
    ...checkAnswers(members),
    ...answering.flatMap(checkMember),
    ...checkLogin(facts),
    ...checkCompaction(facts.keptBeatsMs),
    ...otherSettings.map(settingsFault),
  ];
  return found.length > 0 ? found : [fine(SUBJECT, goodText(answering))];
}

/** Whether a member answers, so that its condition is known. */
export function isAnswering(member: EngineMember): member is AnsweringMember {
  return member.trouble === undefined;
}

function goodText(members: readonly AnsweringMember[]): string {
  const versions = new Set(members.map(({ version }) => version));
  const bytes = Math.max(...members.map(({ dataBytes }) => dataBytes));
  const where = members.length === 1
    ? "1 address"
    : `${members.length} of ${members.length} addresses`;
  return `etcd ${[...versions].join(", ")} at ${where}, ${sizeText(bytes)}`;
}

/**
 * If one of three members is down, this is a warning: the others still work.
 */
function checkAnswers(members: readonly EngineMember[]): readonly Finding[] {
  const isDown = !members.some(isAnswering);
  const found = isDown ? fault : warning;
  return members.flatMap(({ url, trouble }) =>
    trouble === undefined ? [] : [found(
      SUBJECT,
      `${url}: ${trouble}`,
      /certificate/i.test(trouble)
        ? "openssl x509 -noout -text -in CERTIFICATE: is it of publisher.engineca, with this host's name, and not over?"
        : "on that host: systemctl restart etcd",
    )]
  );
}

function checkMember(member: AnsweringMember): readonly Finding[] {
  const { url, version, hasLeader } = member;
  return [
    ...(isSound(version) ? [] : [fault(
      SUBJECT,
      `${url}: etcd ${version} can lose what it acknowledged`,
      "on that host: etcd of 3.4.22 or later, of 3.5 of 3.5.6 or later",
    )]),
    ...(hasLeader ? [] : [fault(
      SUBJECT,
      `${url}: it knows no leader, and takes nothing`,
      "start etcd on one more host: two of three have to be up",
    )]),
    ...checkRoom(member),
  ];
}

function checkRoom(
  { url, complaints, dataBytes, quotaBytes }: AnsweringMember,
): readonly Finding[] {
  const room = "docs/PUBLISHERS.md: etcd is full";
  const others = complaints.filter((each) => !/NOSPACE/.test(each));
  const found = others.map((each) =>
    fault(SUBJECT, `${url}: ${each}`, "etcdctl alarm list")
  );
  if (others.length < complaints.length) {
    found.push(fault(SUBJECT, `${url}: etcd is full, and takes nothing`, room));
  }
  if (quotaBytes === undefined || found.length > 0) return found;
  if (dataBytes > FULL_SHARE * quotaBytes) {
    return [warning(
      SUBJECT,
      `${url}: ${sizeText(dataBytes)} of ${sizeText(quotaBytes)} are used`,
      room,
    )];
  }
  return quotaBytes >= MIN_QUOTA_BYTES ? [] : [warning(
    SUBJECT,
    `${url}: it takes ${sizeText(quotaBytes)} only`,
    "in /etc/default/etcd of that host: ETCD_QUOTA_BACKEND_BYTES=4294967296; systemctl restart etcd",
  )];
}

/** Without a password, anybody who reaches the port can write the table. */
function checkLogin({ hasLogin, members }: EngineFacts): readonly Finding[] {
  const open = members.find(({ url }) => url.startsWith("https:"));
  if (hasLogin || open === undefined) return [];
  return [warning(
    SUBJECT,
    "etcd is asked without a password: whoever reaches its port writes the table",
    "docs/PUBLISHERS.md: etcdctl auth enable, and publisher.enginelogin",
  )];
}

function checkCompaction(
  keptBeatsMs: number | undefined,
): readonly Finding[] {
  if (keptBeatsMs === undefined || keptBeatsMs <= MAX_KEPT_MS) return [];
  return [warning(
    SUBJECT,
    `etcd keeps every beat of the last ${
      spanText(keptBeatsMs)
    }: it compacts nothing, and will be full`,
    "in /etc/default/etcd of each host: ETCD_AUTO_COMPACTION_RETENTION=1h; systemctl restart etcd",
  )];
}

function settingsFault(publisher: string): Finding {
  return warning(
    SUBJECT,
    `settings of [publisher] are others than those of ${publisher}`,
    "fail2ban-publisher config on both: limits, ban times, quorum and the like are the same on all",
  );
}

/**
 * Whether a version loses nothing; an unknown version is presumed to be good.
 */
function isSound(version: string): boolean {
  const [, major = "", minor = "", patch] =
    /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  if (patch === undefined) return true;
  const floor = FLOORS[`${major}.${minor}`];
  if (floor !== undefined) return Number(patch) >= floor;
  return Number(major) > 3 || Number(major) === 3 && Number(minor) > 5;
}

function sizeText(bytes: number): string {
  return `${Math.ceil(bytes / MEBIBYTE)} MiB`;
}
