/**
 * A second definition of valid values, independent of the fuzzed code.
 *
 * @module
 */

import { must } from "./fuzz_target.ts";

const JAIL = /^[A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63}$/;
const IMPORT = /^import:[a-z0-9][a-z0-9_.-]{0,31}$/;
const LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;
const SETTINGS: ReadonlySet<string> = new Set(
  "all allowipv6 dbfile dbmaxmatches dbpurgeage loglevel logtarget syslogsocket thread"
    .split(" "),
);
/** Rules for members whose values have their own grammar. */
const RULES: Readonly<Record<string, (text: string) => boolean>> = {
  address: isAddress,
  ignore: isAddress,
  jail: isJail,
  node: isHost,
  origin: isOrigin,
  by: isHost,
};

/** Whether a text is an address or prefix in its canonical form. */
export function isAddress(text: string): boolean {
  const [base = "", length, ...rest] = text.split("/");
  if (rest.length > 0) return false;
  const groups = base.includes(":") ? groups6(base) : groups4(base);
  if (groups === undefined) return false;
  const maxBits = base.includes(":") ? 128 : 32;
  if (length === undefined) return true;
  const bits = Number(length);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length) || bits >= maxBits) return false;
  const width = maxBits / groups.length;
  return groups.every((group, index) => {
    const kept = Math.min(width, Math.max(0, bits - index * width));
    return group % 2 ** (width - kept) === 0;
  });
}

function groups4(text: string): number[] | undefined {
  const octets = text.split(".").map(Number);
  return octets.length === 4 && octets.join(".") === text &&
      octets.every((octet) => octet >= 0 && octet <= 255)
    ? octets
    : undefined;
}

/** The URL standard formats IPv6 addresses as in RFC 5952. */
function groups6(text: string): number[] | undefined {
  if (!/^[0-9a-f:]{2,39}$/.test(text)) return undefined;
  const printed = URL.parse(`http://[${text}]/`)?.hostname;
  if (printed !== `[${text}]`) return undefined;
  const [head = "", tail] = text.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(gap).fill("0"), ...after]
    .map((group) => parseInt(group, 16));
  // An IPv4-mapped address has another canonical form.
  const isMapped = groups.slice(0, 5).every((group) => group === 0) &&
    groups[5] === 0xffff;
  return isMapped ? undefined : groups;
}

/** Whether a text is a jail's name. */
export function isJail(text: string): boolean {
  return JAIL.test(text) && !SETTINGS.has(text);
}

/** Whether a text is a host's name. */
export function isHost(text: string): boolean {
  return text.length <= 253 &&
    text.split(".").every((label) => label.length <= 63 && LABEL.test(label));
}

/** Whether a text is an origin: a host's name, or an import's. */
export function isOrigin(text: string): boolean {
  return IMPORT.test(text) || isHost(text);
}

/**
 * Checks a value from outside recursively.
 *
 * @param value The decoded value.
 * @param name The name of its member.
 */
export function checkValue(value: unknown, name = ""): void {
  if (typeof value === "string") {
    must(/^[ -~]*$/.test(value), `${name} is printable ASCII`);
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    must(rule?.(value) ?? true, `${name} keeps to its grammar`);
  } else if (typeof value === "number") {
    // fail2ban's increased ban times may have fractions.
    const isWhole = Number.isSafeInteger(value) || name === "durationSeconds";
    must(
      isWhole && value >= 0 && value <= Number.MAX_SAFE_INTEGER &&
        !Object.is(value, -0),
      `${name} is a number that is exact`,
    );
  } else if (Array.isArray(value)) {
    for (const item of value) checkValue(item, name);
  } else if (typeof value === "object" && value !== null) {
    must(
      Object.getPrototypeOf(value) === Object.prototype,
      `${name} is a plain object`,
    );
    for (const [key, member] of Object.entries(value)) checkValue(member, key);
  }
}
