/**
 * The URLs to which ZeroMQ sockets bind and connect.
 *
 * ```abnf
 * connect   = "tcp://" (host / ipv4 / "[" ipv6 "]") ":" port / ipc
 * bind      = "tcp://" ("*" / ipv4 / "[" ipv6 "]" / interface) ":" port / ipc
 * ipc       = "ipc://" 1*96(path)            ; an absolute path
 * interface = ALPHA *14(ALPHA / DIGIT / "_" / "." / "-")
 * port      = 1 to 65535, without leading zeros
 * ```
 *
 * @see {@link https://libzmq.readthedocs.io/en/latest/zmq_tcp.html | zmq_tcp(7)}
 * @module
 */

import { canonicalAddress } from "./address.ts";
import { parseHostName } from "./host_name.ts";

/** Which end of a connection a URL is for. */
export type EndpointUse = "bind" | "connect";

// A socket's path has at most 108 bytes (unix(7)), including its final zero.
const IPC = /^ipc:\/\/(\/[!-~]{1,95})$/;
const TCP =
  /^tcp:\/\/(\*|\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253}):([1-9]\d{0,4})$/;
const INTERFACE = /^[A-Za-z][A-Za-z0-9_.-]{0,14}$/;
const DIGITS_AND_DOTS = /^[0-9.]+$/;

/**
 * Reads an endpoint URL.
 *
 * @param text The URL.
 * @param use Which end it is for: only a bind may use `*` or an interface, only
 * a connection a host name (libzmq resolves none for a bind).
 * @returns The URL for ZeroMQ, or `undefined`.
 *
 * @example
 * ```ts
 * import { parseEndpointUrl } from "./endpoint_url.ts";
 * import { strictEqual } from "node:assert/strict";
 *
 * strictEqual(parseEndpointUrl("tcp://*:5680", "bind"), "tcp://*:5680");
 * strictEqual(parseEndpointUrl("tcp://*:5680", "connect"), undefined);
 * strictEqual(parseEndpointUrl("tcp://[::1]:5680", "connect"), "tcp://[::1]:5680");
 * ```
 */
export function parseEndpointUrl(
  text: string,
  use: EndpointUse,
): string | undefined {
  if (IPC.test(text)) return text;
  const [, host, port] = TCP.exec(text) ?? [];
  if (host === undefined || Number(port) > 65535) return undefined;
  return hostFits(host, use) ? text : undefined;
}

/**
 * Whether only this host can reach the endpoint.
 *
 * @param url A URL from {@link parseEndpointUrl}.
 */
export function isLoopbackUrl(url: string): boolean {
  if (url.startsWith("ipc:")) return true;
  const host = TCP.exec(url)?.[1] ?? "";
  return host === "lo" || host.toLowerCase() === "localhost" ||
    (host.startsWith("127.") && DIGITS_AND_DOTS.test(host)) ||
    canonicalAddress(host.slice(1, -1)) === "::1";
}

/**
 * The host of an endpoint, without brackets.
 *
 * @param url A URL from {@link parseEndpointUrl}.
 * @returns An address, a name, an interface or `*`; `undefined` for `ipc:`.
 */
export function endpointHost(url: string): string | undefined {
  return TCP.exec(url)?.[1]?.replace(/^\[|\]$/g, "");
}

/**
 * The port of an endpoint.
 *
 * @param url A URL from {@link parseEndpointUrl}.
 * @returns `undefined` for `ipc:`, and when it has no port.
 */
export function endpointPort(url: string): number | undefined {
  const port = Number(TCP.exec(url)?.[2]);
  return Number.isSafeInteger(port) ? port : undefined;
}

/**
 * The endpoint URL for a host and a port.
 *
 * @param host An address or a name, without brackets.
 * @param port The port.
 * @returns A URL to connect to, or `undefined` when the host is invalid.
 */
export function endpointUrl(host: string, port: number): string | undefined {
  const written = host.includes(":") ? `[${host}]` : host;
  return parseEndpointUrl(`tcp://${written}:${port}`, "connect");
}

/**
 * The same host with the next port.
 *
 * @param url A URL from {@link parseEndpointUrl}.
 * @returns `undefined` for `ipc:`, and after port 65535.
 */
export function nextPortUrl(url: string): string | undefined {
  const [, host, port] = TCP.exec(url) ?? [];
  return host === undefined || port === "65535"
    ? undefined
    : `tcp://${host}:${Number(port) + 1}`;
}

function hostFits(host: string, use: EndpointUse): boolean {
  if (host === "*") return use === "bind";
  if (host.startsWith("[")) return host.includes(":") && isAddress(host);
  if (DIGITS_AND_DOTS.test(host)) return isAddress(host);
  return use === "connect"
    ? parseHostName(host) !== undefined
    : INTERFACE.test(host) && host.toLowerCase() !== "localhost";
}

function isAddress(host: string): boolean {
  return canonicalAddress(host.replace(/^\[|\]$/g, "")) !== undefined;
}
