/**
 * The secrets of configuration files, also of files that are not good.
 *
 * @module
 */

import { isSecretName } from "../base/secrets.ts";
import type { ConfigFile } from "./config_reader.ts";

/** What sets something, wherever it stands and whatever its key is made of; its value may be on the next line. */
const SETTING =
  /^[ \t]*([^\s#;=:][^\n=:]*)[=:](?:[ \t]*\r?\n(?=[ \t]))?[ \t]*(\S.*)$/gm;

/**
 * Every secret that files have: also under a misspelled key, in a section that
 * is none, or in a line that belongs to the value above it. A path is none.
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

/** A value without comment and quotes. */
function plainValue(written: string): string {
  const bare = written.replace(/[ \t]+[#;].*$/, "").trim();
  const inQuotes = /^"(.*)"$/.exec(bare)?.[1];
  return (inQuotes?.replaceAll('""', '"') ?? bare).replaceAll("%%", "%");
}
