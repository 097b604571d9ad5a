/**
 * The stored form of the publisher's list of members.
 *
 * @module
 */

import { parseAddress } from "../base/address.ts";
import type { NodeRole } from "../base/ids.ts";
import { parsePublicKey } from "../zmq/curve_key.ts";
import { canonicalHost, parseHostName } from "../base/host_name.ts";
import { isJailPattern } from "../base/jail_map.ts";
import type {
  AllowedNetwork,
  JournalEntry,
  Member,
  MemberList,
  MemberRights,
  PublisherHost,
} from "./member.ts";
import { ADDRESS_SHAPE } from "./identity_forms.ts";
import {
  type StoredForm,
  type Versioned,
  versioned,
} from "../base/json_form.ts";
import { parseTokenDigest } from "./token_digest.ts";
import {
  flag,
  integer,
  list,
  oneOf,
  orNull,
  record,
  recordAndMore,
  type Shape,
  text,
  where,
} from "../base/json_shape.ts";

/** Maximum number of members. */
export const MAX_MEMBERS = 4_096;
/**
 * Maximum number of publishers: more don't help etcd, and nodes try all of
 * them.
 */
export const MAX_PUBLISHERS = 7;
/** Maximum number of entries of the allowlist. */
export const MAX_ALLOWED = 1_000;
/** Maximum number of journal entries: the latest ones. */
export const MAX_JOURNAL = 1_000;
/** Maximum number of a member's jail patterns. */
export const MAX_JAILS = 64;
/** Maximum length of a note, in characters. */
export const MAX_NOTE_LENGTH = 200;
/**
 * Maximum length of a journal entry's subject, in characters: that of a host
 * name.
 */
export const MAX_SUBJECT_LENGTH = 253;
/** Maximum rate that a member can have, in events per second. */
export const MAX_RATE = 1_000_000;

/** The empty list. */
export const NO_MEMBERS: MemberList = {
  revision: 0,
  members: [],
  allowed: [],
  journal: [],
};

const ROLES: readonly NodeRole[] = ["monitor", "subscriber"];
const WORDS = /^[\x20-\x7e]*$/;

/** Accepts printable ASCII of at most {@link MAX_NOTE_LENGTH} characters. */
export function parseNote(text: string): string | undefined {
  return parseWords(text, MAX_NOTE_LENGTH);
}

/** Accepts printable ASCII of at most {@link MAX_SUBJECT_LENGTH} characters. */
export function parseSubject(text: string): string | undefined {
  return parseWords(text, MAX_SUBJECT_LENGTH);
}

function parseWords(text: string, maxLength: number): string | undefined {
  return text.length <= maxLength && WORDS.test(text) ? text : undefined;
}

const version = integer("version", 1, 1);
const roles = list("roles", oneOf("roles", ROLES), 1, ROLES.length);
const jail = text("jails", (text) => isJailPattern(text) ? text : undefined);
const time = (name: "addedMs" | "atMs" | "untilMs") => integer(name, 0);
const words = (name: "note" | "by" | "action" | "detail") =>
  text(name, parseNote);

const rights: Shape<MemberRights> = where(
  record<MemberRights>({
    roles,
    jails: list("jails", jail, 1, MAX_JAILS),
    mayUnban: flag("mayUnban"),
    maxPerSecond: orNull(integer("maxPerSecond", 1, MAX_RATE)),
  }),
  ["roles", ({ roles }) => new Set(roles).size === roles.length],
);

const member = record<Member>({
  name: text("name", parseHostName),
  publicKey: text("publicKey", parsePublicKey),
  tokenDigest: text("tokenDigest", parseTokenDigest),
  rights,
  addedMs: time("addedMs"),
});

const allowed = record<AllowedNetwork>({
  network: text("network", parseAddress),
  untilMs: orNull(time("untilMs")),
  note: words("note"),
  addedMs: time("addedMs"),
});

const journalEntry = record<JournalEntry>({
  revision: integer("revision", 1),
  atMs: time("atMs"),
  by: words("by"),
  action: words("action"),
  subject: text("subject", parseSubject),
  detail: words("detail"),
});

const publisher = record<PublisherHost>({
  name: text("name", parseHostName),
  ...ADDRESS_SHAPE,
  addedMs: time("addedMs"),
});

const stored = where(
  recordAndMore<
    Versioned<Omit<MemberList, "publishers">>,
    Required<Pick<MemberList, "publishers">>
  >({
    version,
    revision: integer("revision", 0),
    members: list("members", member, 0, MAX_MEMBERS),
    allowed: list("allowed", allowed, 0, MAX_ALLOWED),
    journal: list("journal", journalEntry, 0, MAX_JOURNAL),
  }, { publishers: list("publishers", publisher, 1, MAX_PUBLISHERS) }),
  ["members", ({ members }) => areDistinct(members)],
  [
    "publishers",
    ({ publishers = [] }) =>
      hasEachOnce(publishers.map(({ name }) => canonicalHost(name))),
  ],
  ["allowed", ({ allowed }) => hasEachOnce(allowed.map((it) => it.network))],
  ["journal", ({ journal, revision }) => endsAt(journal, revision)],
);

/** The stored form of the list. */
export const MEMBER_LIST_FORM: StoredForm<MemberList> = versioned(
  "the list of members",
  stored,
);

/** Whether no two members share a name, key or token. */
function areDistinct(members: readonly Member[]): boolean {
  return hasEachOnce(members.map(({ name }) => canonicalHost(name))) &&
    hasEachOnce(members.map(({ publicKey }) => publicKey)) &&
    hasEachOnce(members.map(({ tokenDigest }) => tokenDigest));
}

function hasEachOnce(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** Whether the entries' numbers have no gaps and end at the list's revision. */
function endsAt(journal: readonly JournalEntry[], revision: number): boolean {
  const first = revision - journal.length + 1;
  return journal.every((entry, index) => entry.revision === first + index);
}
