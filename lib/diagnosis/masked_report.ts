/**
 * Takes out of a text whom it is about: secrets, addresses, the names of hosts
 * and of people. What is the same before is the same afterwards.
 *
 * @module
 */

import { canonicalAddress, parseAddress } from "../base/address.ts";
import { isSecretName } from "../base/secrets.ts";
import { maskSecrets } from "../log/mask_secrets.ts";

/** What must not show. */
export interface MaskOptions {
  /** Tokens and keys that are known. */
  readonly secrets: readonly string[];
  /** Names of hosts that are known; those in the text are found beside them. */
  readonly names: readonly string[];
  /** Whether addresses are left as they are. */
  readonly showsAddresses: boolean;
  /** Makes a few letters of a text that nobody can undo; the same for the same text. */
  readonly digest: (text: string) => string;
}

/** What is said of nobody in particular. */
const EVERYBODYS_ADDRESS = /^(?:127\.|0\.0\.0\.0|::1?$|::1\/|::\/)/;
const EVERYBODYS_NAMES: readonly string[] = [
  "localhost",
  "none",
  "unknown",
  "operator",
  "root",
];
const IPV4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:\/\d{1,2})?(?!\.?\w)/g;
const IPV6 =
  /(?<![\w:.])(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]+(?:\d{1,3}(?:\.\d{1,3}){3})?(?:\/\d{1,3})?(?![\w:])/g;
/** A join code, a key of CURVE in Z85, a token in base64url, a digest. */
const SECRET_FORMS: readonly RegExp[] = [
  /F2BC[0-9A-Za-z_.:-]{20,}/g,
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])/g,
  /(?<!\S)(?=\S*[^\w\s])[0-9A-Za-z.:+=^!/*?&<>()[\]{}@%$#-]{40}(?!\S)/g,
];
/** What an `Authorization` header shows, and a URL before its host. */
const CREDENTIALS: readonly RegExp[] = [
  /(?<=\b(?:Bearer|Basic)[ \t]+)[\w.~+/=-]{6,}/gi,
  /(?<=:\/\/)[^/\s@]+(?=@)/g,
];
/** `KEY = VALUE` by itself on a line, as in the configuration: the value may have spaces. */
const SETTING =
  /^([ \t]*["']?[\w.:-]+)(["']?[ \t]*[=:][ \t]*)(\S.*?)(?=[ \t]+#|$)/gm;
/** The same among other words, also as JSON and in a URL. */
const PAIR =
  /(?<![\w.-])([A-Za-z_][\w.-]*)(["']?[ \t]*[=:][ \t]*)("[^"]*"|[^\s"&;,]+)/g;
/** No secret: where one is, that there is none, and how a message about an option goes on. */
const OPEN = /^"?(?:\/[\w./-]*|none|\*\*\*|expected)"?$/;
const SECRET = "(secret)";
/** Where a line of our own names a host, or somebody. */
const NAMED = [
  /\b(?:node|host|hostname|origin|name|by|subject)=("[^"]*"|[^\s";,]+)/g,
  /\b(?:tcp|udp):\/\/([A-Za-z][\w.-]*)(?=[:/\s])/g,
  /^hostname = (\S+)/gm,
  /\b(?:of|as|is) ([a-z][\w-]*\d[\w.-]*)(?=[ ,:]|$)/gm,
  /\bnode ([A-Za-z0-9][\w.-]*)(?=[ ,:])/g,
  /Got broadcast message: ([^\s|]+)\|/g,
  /\bruns on (\S+) with process id/g,
] as const;

/**
 * Masks a text.
 *
 * @param text Any text.
 * @param options What must not show.
 *
 * @example
 * ```ts
 * import { maskReport } from "./masked_report.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const options = { secrets: ["s3cr3t-token"], names: ["web1"], showsAddresses: false, digest: () => "a1b2" };
 * strictEqual(
 *   maskReport("web1 said s3cr3t-token of 203.0.113.7", options),
 *   "host-a1b2 said *** of ip4-a1b2",
 * );
 * ```
 */
export function maskReport(text: string, options: MaskOptions): string {
  const { secrets, names, showsAddresses, digest } = options;
  let masked = maskSecrets(text, secrets);
  for (const form of [...SECRET_FORMS, ...CREDENTIALS]) {
    masked = masked.replace(form, SECRET);
  }
  masked = maskNamed(maskNamed(masked, SETTING), PAIR);
  const known = new Set([...names, ...namesIn(masked)].filter(isSomebodys));
  if (!showsAddresses) masked = maskAddresses(masked, digest);
  return maskNames(masked, known, digest);
}

/** Masks the secrets that only their names tell. */
function maskNamed(text: string, form: RegExp): string {
  return text.replace(form, (_whole, name, sign, value) => {
    const isSecret = isSecretName(name) && !OPEN.test(value);
    // What follows `https:` may have others in it.
    const shown = isSecret ? SECRET : maskNamed(value, PAIR);
    return `${name}${sign}${shown}`;
  });
}

/** Names that the text's own form shows to be names. */
function namesIn(text: string): readonly string[] {
  return NAMED.flatMap((pattern) =>
    [...text.matchAll(pattern)].flatMap(([, name = ""]) =>
      name.replaceAll('"', "").split(/[\s,]+/)
    )
  );
}

function isSomebodys(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]*$/.test(name) && !/^\d+$/.test(name) &&
    name.length > 1 && parseAddress(name) === undefined &&
    !EVERYBODYS_NAMES.includes(name.toLowerCase()) &&
    !/^(?:as|monitor|subscriber|publisher|fail2ban(?:-\w+)?)$/.test(name);
}

function maskNames(
  text: string,
  names: ReadonlySet<string>,
  digest: MaskOptions["digest"],
): string {
  // A name may be the beginning of another.
  const longest = [...names].toSorted((left, right) =>
    right.length - left.length
  );
  if (longest.length === 0) return text;
  const pattern = new RegExp(
    `(?<![\\w.-])(?:${longest.map(RegExp.escape).join("|")})(?![\\w-]|\\.\\w)`,
    "gi",
  );
  return text.replace(pattern, (name) => `host-${digest(name.toLowerCase())}`);
}

function maskAddresses(text: string, digest: MaskOptions["digest"]): string {
  const hashed = (kind: string) => (found: string) => {
    const canonical = canonicalAddress(found);
    if (canonical === undefined || EVERYBODYS_ADDRESS.test(canonical)) {
      return found;
    }
    const [address = "", bits] = canonical.split("/");
    return `${kind}-${digest(address)}${bits === undefined ? "" : `/${bits}`}`;
  };
  // An IPv4 address may stand at the end of one of IPv6.
  return text.replace(IPV6, hashed("ip6")).replace(IPV4, hashed("ip4"));
}
