/**
 * The kinds of values that options have: how each is read, and what is said
 * when it can't be.
 *
 * @module
 */

import { type LogFormat } from "../fail2ban/log_format.ts";
import {
  SYSLOG_FACILITIES,
  type SyslogFacility,
} from "../log/syslog_facility.ts";

import { type AddressList, parseAddressList } from "../base/address_list.ts";
import { type EndpointUse, parseEndpointUrl } from "../base/endpoint_url.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import { type JailMap, parseJailMap } from "../base/jail_map.ts";
import { type NftTable, parseNftTable } from "../enforce/nft_names.ts";
import type { LegacyMode } from "./legacy.ts";
import type { Severity } from "../log/log.ts";

/** Reads values of one kind. */
export interface ValueKind<T> {
  /** Stands for a value, in capitals. */
  readonly placeholder: string;
  /** What is expected, as half a sentence. */
  readonly expected: string;
  /** Gives the value, or `undefined` when the text is none. */
  readonly read: (text: string) => T | undefined;
}

/** Where a program's own log goes. */
export type LogTarget =
  | { readonly kind: "stderr" }
  | { readonly kind: "syslog" }
  | { readonly kind: "file"; readonly path: string };

/** A word of `subscriberaction`. */
export type SubscriberAction = typeof SUBSCRIBER_ACTIONS[number];

/** fail2ban's severities, worst first. */
export const SEVERITIES = [
  "critical",
  "error",
  "warning",
  "notice",
  "info",
  "debug",
] as const satisfies readonly Severity[];

/** Every {@link LogFormat}. */
export const LOG_FORMATS: readonly LogFormat[] = [
  ...["file", "syslog", "sysout", "journal"] as const,
];

/** Every {@link SubscriberAction}. */
export const SUBSCRIBER_ACTIONS = [
  "log",
  "fail2banclient",
  "nftables",
  "exec",
] as const;

const MAX_PATH_LENGTH = 4095;

/** `true`, `yes`, `on`, `1` and their opposites, in any case. */
export const switchKind: ValueKind<boolean> = {
  placeholder: "BOOL",
  expected: "true or false (yes, no, on, off, 1 and 0 will do)",
  read: (text) => {
    const word = text.toLowerCase();
    if (["true", "yes", "on", "1"].includes(word)) return true;
    return ["false", "no", "off", "0"].includes(word) ? false : undefined;
  },
};

/** An absolute path. */
export const pathKind: ValueKind<string> = {
  placeholder: "PATH",
  expected: "an absolute path",
  read: (text) => isAbsolutePath(text) ? text : undefined,
};

/** An absolute path, or `none`, which is read as `""`. */
export const optionalPathKind: ValueKind<string> = {
  placeholder: "PATH|none",
  expected: "an absolute path or none",
  read: (text) =>
    text.toLowerCase() === "none"
      ? ""
      : isAbsolutePath(text)
      ? text
      : undefined,
};

/** fail2ban's names of a log target. */
export const logTargetKind: ValueKind<LogTarget> = {
  placeholder: "TARGET",
  expected: "SYSLOG, STDERR or the absolute path of a file",
  read: (text) => {
    const word = text.toUpperCase();
    if (word === "STDERR") return { kind: "stderr" };
    if (word === "SYSLOG") return { kind: "syslog" };
    return isAbsolutePath(text) ? { kind: "file", path: text } : undefined;
  },
};

/** fail2ban's names of its log levels. */
export const severityKind: ValueKind<Severity> = wordKind("LEVEL", SEVERITIES);

/** A syslog facility. */
export const facilityKind: ValueKind<SyslogFacility> = wordKind(
  "FACILITY",
  SYSLOG_FACILITIES,
);

/** Where fail2ban logs to, as far as it shapes the lines. */
export const logFormatKind: ValueKind<LogFormat> = wordKind(
  "FORMAT",
  LOG_FORMATS,
);

/** A list of actions. */
export const actionsKind: ValueKind<readonly SubscriberAction[]> = {
  placeholder: "ACTION...",
  expected: `a list, without repeats, of: ${SUBSCRIBER_ACTIONS.join(", ")}`,
  read: (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const actions = words.flatMap((word) =>
      SUBSCRIBER_ACTIONS.find((known) => known === word) ?? []
    );
    return words.length > 0 && new Set(actions).size === words.length
      ? actions
      : undefined;
  },
};

/** Hosts and networks. */
export const addressListKind: ValueKind<AddressList> = {
  placeholder: "ADDRESS|PREFIX|NAME...",
  expected: "addresses, prefixes such as 192.0.2.0/24 and names of hosts",
  read: parseAddressList,
};

/** In which jails of this host bans are enforced. */
export const jailMapKind: ValueKind<JailMap> = {
  placeholder: "PATTERN = JAIL",
  expected: "rules such as sshd = sshd or nginx-* = web, one a line",
  read: parseJailMap,
};

/** A table of nftables. */
export const tableNameKind: ValueKind<NftTable> = {
  placeholder: "NAME",
  expected: "fail2ban_ and 1 to 32 small letters, digits and _",
  read: parseNftTable,
};

/** A node's name. */
export const hostNameKind: ValueKind<HostName> = {
  placeholder: "NAME",
  expected: "a host's name: letters, digits, -, _ and dots",
  read: parseHostName,
};

/** The shared secret: it stands before the first `|` of a message. */
export const tokenKind: ValueKind<string> = {
  placeholder: "TOKEN",
  expected: "1 to 256 printable ASCII characters, none of them |",
  read: (text) => /^[ -{}~]{1,256}$/.test(text) ? text : undefined,
};

/** Any text on one line. */
export const textKind: ValueKind<string> = {
  placeholder: "TEXT",
  expected: "text on one line",
  read: (text) => text.includes("\n") ? undefined : text,
};

/**
 * A whole number.
 *
 * @param placeholder Stands for it.
 * @param min The least.
 * @param max The greatest.
 */
export function integerKind(
  placeholder: string,
  min: number,
  max: number,
): ValueKind<number> {
  return {
    placeholder,
    expected: `a whole number from ${min} to ${max}`,
    read: (text) => {
      const value = Number(text);
      return /^\d{1,9}$/.test(text) && value >= min && value <= max
        ? value
        : undefined;
    },
  };
}

/** What is kept survives the end of the process, or a loss of power as well. */
export type Durability = "process" | "power";

/** How durable a store is. */
export const durabilityKind: ValueKind<Durability> = wordKind("WORD", [
  "power",
  "process",
]);

/** How far protocol 1 is served. */
export const legacyKind: ValueKind<LegacyMode> = wordKind("WORD", [
  "on",
  "off",
  "readonly",
]);

/** An endpoint of ZeroMQ. */
export function endpointKind(use: EndpointUse): ValueKind<string> {
  return {
    placeholder: "URL",
    expected: use === "bind"
      ? "tcp://ADDRESS:PORT or ipc://PATH, ADDRESS being *, 192.0.2.1, [2001:db8::1] or an interface"
      : "tcp://HOST:PORT or ipc://PATH, HOST being a name, 192.0.2.1 or [2001:db8::1], not *",
    read: (text) => parseEndpointUrl(text, use),
  };
}

function wordKind<const T extends string>(
  placeholder: string,
  words: readonly T[],
): ValueKind<T> {
  return {
    placeholder,
    expected: `one of ${words.join(", ")}`,
    read: (text) => words.find((word) => word === text.toLowerCase()),
  };
}

/** Whether a path starts at the root. */
export function isAbsolutePath(text: string): boolean {
  return text.startsWith("/") && text.length <= MAX_PATH_LENGTH &&
    !text.includes("\n");
}
