/**
 * Finds the secrets in configuration files, including invalid ones.
 *
 * @module
 */

import { isSecretName } from "../base/secrets.ts";
import type { ConfigFile } from "./config_reader.ts";

/**
 * A setting in any place and with any key; its value may be on the next line.
 */
const SETTING =
  /^[ \t]*([^\s#;=:][^\n=:]*)[=:](?:[ \t]*\r?\n(?=[ \t]))?[ \t]*(\S.*)$/gm;

/**
 * Finds all secrets in files, including those under a misspelled key, in an
 * invalid section, or in a line that belongs to the value above it. Paths are
 * no secrets.
 *
 * @param files The files.
 *
 * @example
 * ```ts
 * import { secretsIn } from "./config_secrets.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * const text = "[monitor]\nauthtokne = s3cret # ours\nauthtokens = /etc/tokens";
 * deepStrictEqual(secretsIn([{ path: "a.conf", text }]), ["s3cret"]);
 * ```
 */
export function secretsIn(files: readonly ConfigFile[]): readonly string[] {
  const settings = files.flatMap(({ text }) => [...text.matchAll(SETTING)]);
  const secrets = settings.flatMap(([, name = "", value = ""]) =>
    isSecretName(name) ? [plainValue(value)] : []
  );
  return [...new Set(secrets)].filter((secret) =>
    secret !== "" && secret !== "none" && !secret.startsWith("/")
  );
}

/** Removes comment and quotes from a value. */
function plainValue(written: string): string {
  const bare = written.replace(/[ \t]+[#;].*$/, "").trim();
  const inQuotes = /^"(.*)"$/.exec(bare)?.[1];
  return (inQuotes?.replaceAll('""', '"') ?? bare).replaceAll("%%", "%");
}
