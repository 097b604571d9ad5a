/**
 * Reads the body of a request, with a size limit and a timeout.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { inTime } from "../async/tasks.ts";
import { type HttpAnswer, textAnswer } from "../http/http_request.ts";
import type { PageRequest } from "./page_guard.ts";

/** Maximum size of a body, in bytes. */
export const MAX_BODY_BYTES = 4_096;
/** Timeout for a whole body, in milliseconds. */
export const BODY_MS = 10_000;

/** The parsed body, or the answer that refuses it. */
export type ReadBody = { readonly value: unknown } | {
  readonly refused: HttpAnswer;
};

/**
 * Reads the JSON body of a request.
 *
 * @param clock Measures the timeout.
 * @param signal Aborts when the client is gone.
 * @throws the signal's reason on abort.
 */
export async function readJson(
  { headers, body }: Pick<PageRequest, "headers" | "body">,
  clock: Clock,
  signal: AbortSignal,
): Promise<ReadBody> {
  const length = Number(headers.get("content-length") ?? 0);
  if (!(length <= MAX_BODY_BYTES)) return TOO_LONG;
  const bytes = await inTime(
    clock,
    BODY_MS,
    signal,
    (ended) => boundedBytes(body, ended),
  );
  if (bytes === undefined) return TOO_LATE;
  if (bytes === "too-long") return TOO_LONG;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { value: JSON.parse(text) };
  } catch (error) {
    const isNoJson = error instanceof SyntaxError || error instanceof TypeError;
    if (isNoJson) return MALFORMED;
    throw error;
  }
}

const TOO_LONG = { refused: textAnswer(413, "this is too long") };
const TOO_LATE = { refused: textAnswer(408, "this takes too long") };
const MALFORMED = { refused: textAnswer(400, "this is no JSON") };

/** Never buffers more than the maximum size. */
async function boundedBytes(
  body: ReadableStream<Uint8Array> | null,
  signal: AbortSignal,
): Promise<Uint8Array | "too-long"> {
  const bytes = new Uint8Array(MAX_BODY_BYTES);
  let size = 0;
  if (body === null) return bytes.subarray(0, 0);
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", cancel, { once: true });
  try {
    while (true) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return bytes.subarray(0, size);
      if (size + value.length > MAX_BODY_BYTES) {
        cancel();
        return "too-long";
      }
      bytes.set(value, size);
      size += value.length;
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}
