/**
 * What is asked over HTTP, and what is answered, as plain values.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110 | RFC 9110}
 * @module
 */

/** What is asked. */
export interface HttpRequest {
  readonly method: string;
  /** As it was sent, without what follows a `?`: nothing is decoded or resolved. */
  readonly path: string;
  readonly headers: Headers;
  /** The peer's canonical address; `local` over a Unix socket ({@link UNIX_PEER}). */
  readonly peer: string;
}

/** What is answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `undefined`: there is none, and a `HEAD` is told none. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** Who asks over a Unix socket. */
export const UNIX_PEER = "local";

const ENCODER = new TextEncoder();

/** Whether it is this host that asks. */
export function isLocalPeer(peer: string): boolean {
  return peer === UNIX_PEER || peer === "::1" || peer.startsWith("127.");
}

/**
 * Reads a request as the runtime gives it. Its URL is scheme, `Host` and what
 * was sent, put together as they are.
 *
 * @param request The request; its body is not looked at.
 * @param peer See {@link HttpRequest.peer}.
 */
export function readRequest(request: Request, peer: string): HttpRequest {
  const { method, url, headers } = request;
  const begin = url.indexOf("/", url.indexOf("://") + "://".length);
  const path = begin === -1 ? "" : url.slice(begin);
  return { method, path: path.replace(/[?#].*$/s, ""), headers, peer };
}

/**
 * A line for people.
 *
 * @param text One sentence, without its line end.
 * @param headers Further ones.
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

/** Bytes that are handed over at once. */
const SLICE_BYTES = 65_536;

/** An answer as the runtime takes it. */
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

/** A `Response` copies bytes, for as long as a slow peer takes them: of many it is given a slice after the other. */
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
