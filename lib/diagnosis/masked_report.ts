/**
 * Removes secrets, addresses and the names of hosts and people from a text.
 * Equal values stay equal.
 *
 * @module
 */

import { canonicalAddress, parseAddress } from "../base/address.ts";
import { isSecretName } from "../base/secrets.ts";
import { maskSecrets } from "../log/mask_secrets.ts";

/** What to mask. */
export interface MaskOptions {
  /** Known tokens and keys. */
  readonly secrets: readonly string[];
  /** Known names of hosts; others are found in the text. */
  readonly names: readonly string[];
  /** Whether addresses are left unmasked. */
  readonly showsAddresses: boolean;
  /** Makes a few letters of a text, irreversibly and always the same. */
  readonly digest: (text: string) => string;
}

/** Values that identify nobody. */
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
/** Join codes, CURVE keys in Z85, tokens in base64url, and digests. */
const SECRET_FORMS: readonly RegExp[] = [
  /F2BC[0-9A-Za-z_.:-]{20,}/g,
  /(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Z])[\w-]{43}(?![\w-])/g,
  /(?<!\S)(?=\S*[^\w\s])[0-9A-Za-z.:+=^!/*?&<>()[\]{}@%$#-]{40}(?!\S)/g,
];
/** Credentials in an `Authorization` header, and before the host in a URL. */
const CREDENTIALS: readonly RegExp[] = [
  /(?<=\b(?:Bearer|Basic)[ \t]+)[\w.~+/=-]{6,}/gi,
  /(?<=:\/\/)[^/\s@]+(?=@)/g,
];
/**
 * `KEY = VALUE` alone on a line, as in the configuration; the value may contain
 * spaces.
 */
const SETTING =
  /^([ \t]*["']?[\w.:-]+)(["']?[ \t]*[=:][ \t]*)(\S.*?)(?=[ \t]+#|$)/gm;
/** The same within other text, also in JSON and in URLs. */
const PAIR =
  /(?<![\w.-])([A-Za-z_][\w.-]*)(["']?[ \t]*[=:][ \t]*)("[^"]*"|[^\s"&;,]+)/g;
/**
 * Values that are no secrets: paths, `none`, and the next word of a message
 * about an option.
 */
const OPEN = /^"?(?:\/[\w./-]*|none|\*\*\*|expected)"?$/;
const SECRET = "(secret)";
/** Places where lines of the project's own logs name a host or a person. */
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
 * @param options What to mask.
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

/** Masks secrets that only their names reveal. */
function maskNamed(text: string, form: RegExp): string {
  return text.replace(form, (_whole, name, sign, value) => {
    const isSecret = isSecretName(name) && !OPEN.test(value);
    // A value such as `https:...` may contain further pairs.
    const shown = isSecret ? SECRET : maskNamed(value, PAIR);
    return `${name}${sign}${shown}`;
  });
}

/** Finds names by the form of the lines around them. */
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
  // Longest first, because a name may be the beginning of another.
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
  // An IPv6 address may end in an IPv4 one.
  return text.replace(IPV6, hashed("ip6")).replace(IPV4, hashed("ip4"));
}
