/**
 * The server-sent events of the live view.
 *
 * An event about changed bans has the change's sequence number as its id. A
 * browser that reconnects sends the last id, and the stream continues from
 * there.
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html | Server-sent events}
 * @module
 */

import { EitherSignal } from "../async/either_signal.ts";
import type { OperatorAnswer } from "../wire/operator_messages.ts";

/** Time after which a browser reconnects, in milliseconds. */
const RETRY_MS = 1_000;
const ID = /^(?:0|[1-9]\d{0,15})$/;

/**
 * Reads the sequence number of the last change that a browser received.
 *
 * @returns `null` when the browser sent none, or an invalid one.
 *
 * @example
 * ```ts
 * import { lastChange } from "./live_stream.ts";
 * import { deepStrictEqual } from "node:assert/strict";
 *
 * deepStrictEqual(["88213", "007", "-1", null].map(lastChange), [88_213, null, null, null]);
 * ```
 */
export function lastChange(header: string | null): number | null {
  if (header === null || !ID.test(header)) return null;
  const number = Number(header);
  return Number.isSafeInteger(number) ? number : null;
}

/** The first text of a stream. */
export const STREAM_BEGIN = `retry: ${RETRY_MS}\n\n`;

/**
 * Formats an answer of the operators' service as an event. An empty answer
 * becomes a comment that keeps the connection open.
 */
export function liveEventText(answer: OperatorAnswer): string {
  switch (answer.kind) {
    case "following":
      return eventText(answer, answer.change);
    case "changed": {
      const { to, bans, gone } = answer;
      return bans.length + gone.length === 0 ? BEAT : eventText(answer, to);
    }
    case "events":
      return answer.events.length === 0 ? BEAT : eventText(answer);
    default:
      return eventText(answer);
  }
}

const BEAT = ":\n\n";

/** `JSON.stringify` writes no line ends, so one `data` line is enough. */
function eventText(answer: OperatorAnswer, id?: number): string {
  const { kind, ...data } = answer;
  const named = id === undefined ? "" : `id: ${id}\n`;
  return `${named}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * Merges the values of several generators as they arrive.
 *
 * @param signal Ends it.
 * @param begin Creates the generators; each must end, without an error, when
 * the given signal aborts.
 * @returns The values, until the first generator ends.
 */
export async function* merged<T>(
  signal: AbortSignal,
  begin: (signal: AbortSignal) => readonly AsyncGenerator<T, void, undefined>[],
): AsyncGenerator<T, void, undefined> {
  const stop = new AbortController();
  using either = new EitherSignal([signal, stop.signal]);
  const sources = begin(either.signal);
  const next = async (source: AsyncIterator<T>) => ({
    source,
    result: await source.next(),
  });
  const waiting = new Map<AsyncIterator<T>, ReturnType<typeof next>>(
    sources.map((each) => [each, next(each)]),
  );
  try {
    while (true) {
      const { source, result } = await Promise.race(waiting.values());
      if (result.done === true) return;
      yield result.value;
      waiting.set(source, next(source));
    }
  } finally {
    stop.abort();
    await Promise.all(sources.map((each) => each.return()));
  }
}
