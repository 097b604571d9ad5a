/**
 * Generates valid and invalid configuration files.
 *
 * @module
 */

import { listOptions, type Role } from "../../../lib/config/options.ts";
import type { Draw } from "./draw.ts";
import { ODD_TEXTS } from "./mutations.ts";

/**
 * Valid values by the placeholder of an option's kind; the first entry is for
 * any kind.
 */
const GOOD_VALUES: Readonly<Record<string, readonly string[]>> = {
  BOOL: ["true", "FALSE", "yes", "0"],
  PATH: ["/run/a.pid", "/a b", '"/a#b"', "/a%%b"],
  "PATH|none": ["none", "NONE", "/run/a.sock"],
  TARGET: ["syslog", "STDERR", "/var/log/a.log"],
  NAME: ["web-1", "a.example_1"],
  TOKEN: ["a token", "x".repeat(256), '"#%%\'"'],
  BITS: ["1", "24", "32", "008"],
  "ADDRESS|PREFIX|NAME...": [
    "192.0.2.1, 2001:DB8::/48 host.example",
    "::ffff:192.0.2.1",
    "192.0.2.77/24",
  ],
  DURATION: ["10m", "1h", "1d", "600", "-1"],
  SECONDS: ["30", "10m"],
};
const URLS = [
  "tcp://127.0.0.1:5678",
  "tcp://*:5680",
  "tcp://publisher.example:5681",
  "tcp://[2001:db8::1]:5682",
  "ipc:///run/a.sock",
  "tcp://eth0:1",
] as const;
const ENDS = ["\n", "\n", "\n", "\r\n", "\n\n", "\n# x\n", " ; x\n"] as const;
const OPTIONS = listOptions();

/**
 * Generates a file.
 *
 * @param draw Makes the choices.
 * @param role The role whose section appears more often.
 */
export function makeConfig(draw: Draw, role: Role): string {
  if (draw.oneIn(3_000)) return wideConfig(draw);
  const parts: string[] = draw.oneIn(10) ? ["\ufeff"] : [];
  for (const section of sectionsOf(draw, role)) {
    const known = OPTIONS.filter((option) => option.section === section);
    parts.push(`[${section}]`, draw.pick(ENDS));
    for (let left = draw.below(4); left > 0 && known.length > 0; left--) {
      const { key, option } = draw.pick(known);
      const value = draw.oneIn(6)
        ? draw.pick(ODD_TEXTS)
        : goodValue(draw, option.kind.placeholder, option);
      parts.push(draw.oneIn(40) ? draw.pick(ODD_TEXTS) : key);
      parts.push(draw.pick([" = ", "=", ": "]), value, draw.pick(ENDS));
    }
  }
  if (role !== "subscriber" && !draw.oneIn(3)) parts.push(...noAuth(role));
  return parts.join("");
}

/** Without this, most files would lack a token. */
function noAuth(role: Role): readonly string[] {
  return [`[${role}]\n`, "auth = off\n"];
}

function sectionsOf(draw: Draw, role: Role): readonly string[] {
  const others = ["general", "monitor", "publisher", "subscriber", "odd"]
    .filter((name) => name !== role);
  return draw.oneIn(2) ? ["general"] : [draw.pick(others), "general"]
    .filter((name, index, all) => all.indexOf(name) === index);
}

function goodValue(
  draw: Draw,
  placeholder: string,
  option: {
    readonly default: string | undefined;
    readonly shipped?: string;
  },
): string {
  const usual = option.shipped ?? option.default;
  const values = placeholder === "URL" ? URLS : GOOD_VALUES[placeholder];
  if (usual !== undefined && (values === undefined || draw.oneIn(2))) {
    return usual.includes("%") ? `"${usual.replaceAll("%", "%%")}"` : usual;
  }
  return draw.pick(values ?? ODD_TEXTS);
}

/** Many sections, settings or lines of one value. */
function wideConfig(draw: Draw): string {
  const count = draw.below(2_000);
  const indexes = Array.from({ length: count }, (_, index) => index);
  const line = draw.pick([
    (index: number) => `[s${index}]\nk = ${index}\n`,
    (index: number) => `k${index} = ${index}\n`,
    (index: number) => `[monitor]\nk${index} = 1\n`,
    (index: number) => `  ${index}\n`,
    () => '"""'.repeat(1_000) + "\n",
    () => "[".repeat(1_000) + "\n",
  ]);
  return ["[general]\nhostname = x\n", ...indexes.map(line)].join("")
    .slice(0, 500_000);
}
