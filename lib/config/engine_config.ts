/**
 * The engine with which several publishers share one table: the options of
 * `engine`.
 *
 * @module
 */

import type { OptionValues } from "./config_reader.ts";
import { pathOf } from "./value_kinds.ts";

/** The engine with which several publishers share one table. */
export interface EngineConfig {
  /** URLs of etcd's members. */
  readonly urls: readonly string[];
  /**
   * Absolute path of the CA certificate for the members; `undefined`: the
   * system's CAs.
   */
  readonly authorityPath: string | undefined;
  /** Absolute path of the file with user and password; `undefined`: none. */
  readonly loginPath: string | undefined;
  /** Prefix of all keys. */
  readonly prefix: string;
}

/** The engine of a publisher; `undefined`: none. */
export function engineOf(
  publisher: OptionValues["publisher"],
): EngineConfig | undefined {
  return publisher.engine === "none" ? undefined : {
    urls: publisher.engineurls,
    authorityPath: pathOf(publisher.engineca),
    loginPath: pathOf(publisher.enginelogin),
    prefix: publisher.engineprefix,
  };
}
