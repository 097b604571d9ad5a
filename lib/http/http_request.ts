/**
 * HTTP requests and answers as plain values.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110 | RFC 9110}
 * @module
 */

/** A request. */
export interface HttpRequest {
  readonly method: string;
  /** As sent, without the part from `?` on; nothing is decoded or resolved. */
  readonly path: string;
  readonly headers: Headers;
  /** The peer's canonical address; {@link UNIX_PEER} over a Unix socket. */
  readonly peer: string;
}

/** An answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: there is none. It is not sent in answer to `HEAD`. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** The peer of a Unix socket. */
export const UNIX_PEER = "local";

const ENCODER = new TextEncoder();

/** Whether the peer is on this host. */
export function isLocalPeer(peer: string): boolean {
  return peer === UNIX_PEER || peer === "::1" || peer.startsWith("127.");
}

/**
 * Reads a request of the runtime. Its URL is the scheme, the `Host` header and
 * the sent target, joined unchanged.
 *
 * @param request The request; its body is not read.
 * @param peer See {@link HttpRequest.peer}.
 */
export function readRequest(request: Request, peer: string): HttpRequest {
  const { method, url, headers } = request;
  const begin = url.indexOf("/", url.indexOf("://") + "://".length);
  const path = begin === -1 ? "" : url.slice(begin);
  return { method, path: path.replace(/[?#].*$/s, ""), headers, peer };
}

/**
 * An answer with a line for people.
 *
 * @param text One sentence, without its line end.
 * @param headers Additional headers.
 */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer {
  return {
    status,
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      ...headers,
    },
    body: ENCODER.encode(`${text}\n`),
  };
}

/** Number of bytes passed on at once. */
const SLICE_BYTES = 65_536;

/** Converts an answer for the runtime. */
export function responseOf(
  { method }: HttpRequest,
  { status, headers: given, body }: HttpAnswer,
): Response {
  const headers = new Headers(given);
  headers.set("x-content-type-options", "nosniff");
  if (body !== undefined) headers.set("content-length", `${body.length}`);
  const sent = body === undefined || method === "HEAD" ? null : sliced(body);
  return new Response(sent, { status, headers });
}

/**
 * A `Response` copies its bytes and keeps them while a slow peer reads, so long
 * bodies are passed in slices.
 */
function sliced(body: Uint8Array<ArrayBuffer>) {
  if (body.length <= SLICE_BYTES) return body;
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(body.subarray(at, at + SLICE_BYTES));
      at += SLICE_BYTES;
      if (at >= body.length) controller.close();
    },
  }, { highWaterMark: 1 });
}
