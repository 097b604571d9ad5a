/**
 * Where a program answers over HTTP.
 *
 * ```abnf
 * bind = "http://" (ipv4 / "[" ipv6 "]" / "*" / interface) ":" port / "unix:" path
 * ```
 *
 * @module
 */

import { isLoopbackUrl, parseEndpointUrl } from "../base/endpoint_url.ts";

const USUAL_PORT = 9680;

/** Where it is listened. */
export interface HttpBind {
  /** As written. */
  readonly url: string;
  /** The same as an endpoint of `endpoint_url.ts`. */
  readonly endpoint: string;
}

/**
 * Reads where to listen.
 *
 * @param text What was written.
 * @returns `undefined` when it is nowhere that one can listen.
 *
 * @example
 * ```ts
 * import { parseHttpBind } from "./http_bind.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseHttpBind("http://127.0.0.1:9680")?.endpoint, "tcp://127.0.0.1:9680");
 * strictEqual(parseHttpBind("unix:/run/lists.sock")?.endpoint, "ipc:///run/lists.sock");
 * strictEqual(parseHttpBind("http://127.0.0.1"), undefined);
 * ```
 */
export function parseHttpBind(text: string): HttpBind | undefined {
  const endpoint = text.startsWith("unix:")
    ? parseEndpointUrl(`ipc://${text.slice("unix:".length)}`, "bind")
    : text.startsWith("http://")
    ? parseEndpointUrl(`tcp://${text.slice("http://".length)}`, "bind")
    : undefined;
  return endpoint === undefined ? undefined : { url: text, endpoint };
}

/**
 * Says what is wrong with a text that is no place to listen.
 *
 * @param text What was written.
 * @returns Half a sentence; `undefined`: nothing in particular.
 *
 * @example
 * ```ts
 * import { bindTrouble } from "./http_bind.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(bindTrouble("127.0.0.1:9680"), "perhaps http://127.0.0.1:9680");
 * strictEqual(bindTrouble("http://127.0.0.1"), "a port is missing, as in http://127.0.0.1:9680");
 * ```
 */
export function bindTrouble(text: string): string | undefined {
  if (/^https:/i.test(text)) {
    return "it has no TLS of its own; put a proxy that has before it";
  }
  if (/^unix:/.test(text)) return "the path is to begin with /";
  const [, scheme = "", host = "", port, path = ""] =
    /^(?:([a-z]+):\/\/)?(\[[^\]]*\]|[^:/]*)(?::(\d+))?(\/.*)?$/i.exec(text) ??
      [];
  if (host === "") return undefined;
  const right = `http://${host}:${port ?? USUAL_PORT}`;
  if (parseHttpBind(right) === undefined) return undefined;
  if (port === undefined) return `a port is missing, as in ${right}`;
  if (path !== "") return `nothing is to follow the port, as in ${right}`;
  return scheme === "http" ? undefined : `perhaps ${right}`;
}

/** Whether peers are known by the rights of a file in place of their addresses. */
export function isUnixBind({ endpoint }: HttpBind): boolean {
  return endpoint.startsWith("ipc:");
}

/** Whether only this host can reach it. */
export function isLocalBind({ endpoint }: HttpBind): boolean {
  return isLoopbackUrl(endpoint);
}
