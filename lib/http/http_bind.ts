/**
 * The address at which a program answers over HTTP.
 *
 * ```abnf
 * bind = "http://" (ipv4 / "[" ipv6 "]" / "*" / interface) ":" port / "unix:" path
 * ```
 *
 * @module
 */

import { isLoopbackUrl, parseEndpointUrl } from "../base/endpoint_url.ts";

const USUAL_PORT = 9680;

/** An address to listen on. */
export interface HttpBind {
  /** As configured. */
  readonly url: string;
  /** The same as an endpoint of `endpoint_url.ts`. */
  readonly endpoint: string;
}

/**
 * Parses an address to listen on.
 *
 * @param text The configured text.
 * @returns `undefined` when it is no address to listen on.
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
 * Describes what is wrong with a text that is no address to listen on.
 *
 * @param text The configured text.
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

/**
 * Whether a file's permissions, not addresses, decide which peers are admitted.
 */
export function isUnixBind({ endpoint }: HttpBind): boolean {
  return endpoint.startsWith("ipc:");
}

/** Whether only this host can reach it. */
export function isLocalBind({ endpoint }: HttpBind): boolean {
  return isLoopbackUrl(endpoint);
}
