/**
 * A URL of another host that is requested over HTTP; its path may be a secret.
 *
 * @module
 */

import { MIN_SECRET_LENGTH } from "../base/secrets.ts";

/** The URL to request. */
export interface HttpTarget {
  /** The whole URL. Anybody who knows it can use it, so it is a secret. */
  readonly url: string;
  /** The part that may be shown: scheme and host. */
  readonly shown: string;
}

const MASK = "********";
const MAX_URL_LENGTH = 2_048;

/**
 * Parses a URL to request.
 *
 * @param text The configured text.
 * @returns `undefined` when it can't be requested.
 *
 * @example
 * ```ts
 * import { parseHttpTarget } from "./http_target.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * const target = parseHttpTarget("https://alerts.example.org/hook/5f2c9d");
 * strictEqual(target?.shown, "https://alerts.example.org/********");
 * strictEqual(parseHttpTarget("alerts.example.org"), undefined);
 * ```
 */
export function parseHttpTarget(text: string): HttpTarget | undefined {
  if (text.length > MAX_URL_LENGTH || !/^https?:\/\/[^/][!-~]+$/i.test(text)) {
    return undefined;
  }
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || url.hash !== "") return undefined;
  // The runtime refuses URLs with a user name.
  if (url.username !== "" || url.password !== "") return undefined;
  return { url: url.href, shown: `${url.protocol}//${url.host}/${MASK}` };
}

/**
 * The parts of a target that must not appear in a log.
 *
 * @param target The target.
 */
export function secretsOfTarget({ url }: HttpTarget): readonly string[] {
  const { pathname, search } = new URL(url);
  const parts = [url, `${pathname}${search}`, pathname, search];
  return parts.filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** Whether others can read the request, and the secret, in transit. */
export function isOpenTarget({ url }: HttpTarget): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" &&
    !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
