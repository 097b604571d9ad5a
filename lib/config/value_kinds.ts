/**
 * General kinds of values: how to parse each, and what to say about invalid
 * text.
 *
 * @module
 */

import { type AddressList, parseAddressList } from "../base/address_list.ts";
import { parseDuration, PERMANENT_SECONDS } from "../base/duration.ts";
import { type EndpointUse, parseEndpointUrl } from "../base/endpoint_url.ts";
import { type HostName, parseHostName } from "../base/host_name.ts";
import {
  bindTrouble,
  type HttpBind,
  parseHttpBind,
} from "../http/http_bind.ts";
import { type HttpTarget, parseHttpTarget } from "../http/http_target.ts";

/** Parses values of one kind. */
export interface ValueKind<T> {
  /** Placeholder for a value, in capitals. */
  readonly placeholder: string;
  /** What is expected, as half a sentence. */
  readonly expected: string;
  /**
   * What is wrong with invalid text, as half a sentence; `undefined`: nothing
   * in particular.
   */
  readonly explain?: (text: string) => string | undefined;
  /** Returns the value, or `undefined` for invalid text. */
  readonly read: (text: string) => T | undefined;
}

const MAX_PATH_LENGTH = 4095;
/** The longest socket path that the system accepts. */
const MAX_SOCKET_PATH_BYTES = 107;
/** Maximum number of publishers of one table; a node connects to each. */
const MAX_PUBLISHERS = 9;
/** Ten years, which every enforcer supports. */
const MAX_BAN_SECONDS = 315_576_000;

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

/** The path that {@link optionalPathKind} read; `undefined` for `none`. */
export function pathOf(path: string): string | undefined {
  return path === "" ? undefined : path;
}

/** The path of a Unix socket. */
export const socketPathKind: ValueKind<string> = {
  placeholder: "PATH",
  expected: `an absolute path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  read: (text) =>
    isAbsolutePath(text) &&
      new TextEncoder().encode(text).length <= MAX_SOCKET_PATH_BYTES
      ? text
      : undefined,
};

/** Hosts and networks. */
export const addressListKind: ValueKind<AddressList> = {
  placeholder: "ADDRESS|PREFIX|NAME...",
  expected: "addresses, prefixes such as 192.0.2.0/24 and names of hosts",
  read: parseAddressList,
};

/** The address of an HTTP server, or `none`, which is read as `null`. */
export const httpBindKind: ValueKind<HttpBind | null> = {
  placeholder: "URL|none",
  expected: "http://ADDRESS:PORT, unix:PATH or none",
  explain: bindTrouble,
  read: (text) => text.toLowerCase() === "none" ? null : parseHttpBind(text),
};

/** The URL of an HTTP request, or `none`, which is read as `null`. */
export const httpTargetKind: ValueKind<HttpTarget | null> = {
  placeholder: "URL|none",
  expected:
    "https://HOST/PATH, without a user's name and without spaces, or none",
  read: (text) => text.toLowerCase() === "none" ? null : parseHttpTarget(text),
};

/** A node's name. */
export const hostNameKind: ValueKind<HostName> = {
  placeholder: "NAME",
  expected: "a host's name: letters, digits, -, _ and dots",
  read: parseHostName,
};

/** Host names, in lower case. */
export const hostNamesKind: ValueKind<readonly HostName[]> = {
  placeholder: "NAME...",
  expected: "names of hosts, without ports",
  read: (text) => {
    const names = text.toLowerCase().split(/[\s,]+/).filter((it) => it !== "")
      .map(parseHostName);
    const known = names.filter((name) => name !== undefined);
    return known.length === names.length ? known : undefined;
  },
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
 * @param placeholder Its placeholder.
 * @param min The minimum.
 * @param max The maximum.
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

/** A ZeroMQ endpoint. */
export function endpointKind(use: EndpointUse): ValueKind<string> {
  return {
    placeholder: "URL",
    expected: use === "bind"
      ? "tcp://ADDRESS:PORT or ipc://PATH, ADDRESS being *, 192.0.2.1, [2001:db8::1] or an interface"
      : "tcp://HOST:PORT or ipc://PATH, HOST being a name, 192.0.2.1 or [2001:db8::1], not *",
    read: (text) => parseEndpointUrl(text, use),
  };
}

/** The URL of one publisher, or those of several that share a table. */
export const publisherUrlsKind: ValueKind<readonly string[]> = {
  placeholder: "URL...",
  expected:
    "tcp://HOST:PORT or ipc://PATH, HOST being a name, 192.0.2.1 or [2001:db8::1], not *; of several publishers a list",
  read: (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    const urls = words.flatMap((word) =>
      parseEndpointUrl(word, "connect") ?? []
    );
    const areGood = urls.length > 0 && urls.length === words.length &&
      new Set(urls).size === urls.length && urls.length <= MAX_PUBLISHERS;
    return areGood ? urls : undefined;
  },
};

/** A rate per second, or `none`, which is read as `Infinity`. */
export const rateKind: ValueKind<number> = {
  placeholder: "NUMBER|none",
  expected: "a whole number from 1 to 1000000 or none",
  read: (text) => {
    if (text.toLowerCase() === "none") return Infinity;
    const value = Number(text);
    return /^\d{1,7}$/.test(text) && value >= 1 && value <= 1_000_000
      ? value
      : undefined;
  },
};

/**
 * A finite duration.
 *
 * @param maxSeconds The maximum.
 * @param maxText The maximum in fail2ban's notation.
 * @returns A kind of values in seconds.
 */
export function durationKind(
  maxSeconds: number,
  maxText: string,
): ValueKind<number> {
  return {
    placeholder: "DURATION",
    expected: `a duration from 0 to ${maxText}, such as 90, 30s or 10m`,
    read: (text) => {
      const seconds = parseDuration(text);
      return seconds !== undefined && seconds >= 0 && seconds <= maxSeconds
        ? seconds
        : undefined;
    },
  };
}

/**
 * Duration of a ban, in seconds; `-1` means forever and is read as `Infinity`.
 */
export const banTimeKind: ValueKind<number> = {
  placeholder: "DURATION",
  expected: "a duration from 1s on, such as 600, 10m or 1w, or -1 for ever",
  read: (text) => {
    const seconds = parseDuration(text);
    if (seconds === PERMANENT_SECONDS) return Infinity;
    return seconds !== undefined && seconds >= 1 && seconds <= MAX_BAN_SECONDS
      ? seconds
      : undefined;
  },
};

/**
 * One of several words, in any case.
 *
 * @param placeholder Their placeholder.
 * @param words The words, in lower case.
 */
export function wordKind<const T extends string>(
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
