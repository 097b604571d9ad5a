/**
 * A place of another host that is asked over HTTP, whose path may be a secret.
 *
 * @module
 */

import { MIN_SECRET_LENGTH } from "../base/secrets.ts";

/** Where something is asked. */
export interface HttpTarget {
  /** The whole of it. Whoever knows it may ask there, so it is a secret. */
  readonly url: string;
  /** What may be shown: scheme and host. */
  readonly shown: string;
}

const MASK = "********";
const MAX_URL_LENGTH = 2_048;

/**
 * Reads where to ask.
 *
 * @param text What was written.
 * @returns `undefined` when nobody could be asked there.
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
  // The runtime asks nowhere with a user's name before the host.
  if (url.username !== "" || url.password !== "") return undefined;
  return { url: url.href, shown: `${url.protocol}//${url.host}/${MASK}` };
}

/**
 * What of a target must not show in a log.
 *
 * @param target Where something is asked.
 */
export function secretsOfTarget({ url }: HttpTarget): readonly string[] {
  const { pathname, search } = new URL(url);
  const parts = [url, `${pathname}${search}`, pathname, search];
  return parts.filter(({ length }) => length >= MIN_SECRET_LENGTH);
}

/** Whether others on the way can read what is asked, and the secret. */
export function isOpenTarget({ url }: HttpTarget): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" &&
    !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
