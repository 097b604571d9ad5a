/**
 * The options of `[list:NAME]` sections; see `options.ts`.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { canonicalAddress } from "../base/address.ts";
import { EXPORT_FORMATS } from "../exports/list_rules.ts";
import { takenKind } from "./cluster_kinds.ts";
import { option } from "./option.ts";
import {
  durationKind,
  switchKind,
  type ValueKind,
  wordKind,
} from "./value_kinds.ts";

/** Prefix of the sections' names. */
export const LIST_SECTION = "list:";

/** Networks of readers, without names, since DNS could be forged. */
const networksKind: ValueKind<readonly Address[]> = {
  placeholder: "ADDRESS|PREFIX...",
  expected: "addresses and prefixes such as 192.0.2.0/24, no names",
  read: (text) => eachWord(text, canonicalAddress),
};

/** A user name; a colon follows it in HTTP Basic. */
const usernameKind: ValueKind<string> = {
  placeholder: "NAME",
  expected: "1 to 64 printable ASCII characters, none of them a colon",
  read: (text) => /^[ -9;-~]{1,64}$/.test(text) ? text : undefined,
};

const passwordKind: ValueKind<string> = {
  placeholder: "PASSWORD",
  expected: "1 to 256 printable ASCII characters",
  read: (text) => /^[ -~]{1,256}$/.test(text) ? text : undefined,
};

/** `[list:NAME]`, in the order of the shipped file. */
export const LIST = {
  format: option({
    kind: wordKind("FORMAT", EXPORT_FORMATS),
    default: "plain",
    help:
      "Format of the list: plain, csv, json, nft, ipset, mikrotik, haproxy, nginx-geo or pf.",
  }),
  jails: option({
    kind: takenKind,
    default: "*",
    help: "Jails whose bans are in the list, such as sshd nginx-*.",
  }),
  nodes: option({
    kind: takenKind,
    default: "*",
    help:
      "Nodes and imported lists whose bans are in the list, such as web1 import:drop.",
  }),
  minleft: option({
    kind: durationKind(31_536_000, "365d"),
    default: "0",
    help: "Bans that end sooner than this are left out.",
  }),
  aggregate: option({
    kind: switchKind,
    default: "false",
    help:
      "Whether neighbouring addresses are merged into networks, without ends.",
  }),
  allowfrom: option({
    kind: networksKind,
    default: "127.0.0.0/8 ::1",
    help:
      "Addresses and prefixes that may read the list; by default this host.",
  }),
  username: option({
    kind: usernameKind,
    default: undefined,
    unset: "no user name is needed",
    help: "User name that a reader must send as well (Basic authentication).",
  }),
  password: option({
    kind: passwordKind,
    default: undefined,
    unset: "no password is needed",
    help: "Password of that user; sent unencrypted.",
    isSecret: true,
  }),
} as const;

/** Parses words between spaces, commas and line ends, all or none. */
function eachWord<T>(
  text: string,
  read: (word: string) => T | undefined,
): readonly T[] | undefined {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const values = words.flatMap((word) => read(word) ?? []);
  return values.length === words.length && words.length <= MAX_WORDS
    ? values
    : undefined;
}

const MAX_WORDS = 1_000;
