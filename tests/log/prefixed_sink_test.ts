import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import type { LineSink, OutputLine } from "../../lib/log/line_sink.ts";
import { PrefixedSink } from "../../lib/log/prefixed_sink.ts";

/** Keeps lines, and says of each flush with which signal it was asked. */
class MemorySink implements LineSink {
  readonly lines: OutputLine[] = [];
  readonly flushes: AbortSignal[] = [];
  failure: Error | undefined;

  write(line: OutputLine): void {
    this.lines.push(line);
  }

  flush(signal: AbortSignal): Promise<void> {
    this.flushes.push(signal);
    return this.failure === undefined
      ? Promise.resolve()
      : Promise.reject(this.failure);
  }
}

Deno.test("PrefixedSink puts what its prefix gives before the text, and changes nothing else", () => {
  const sink = new MemorySink();
  const prefixed = new PrefixedSink(
    sink,
    ({ severity, atMs }) => `<${severity} ${atMs}> `,
  );
  prefixed.write({ severity: "notice", atMs: 7, text: "hello" });
  prefixed.write({ severity: "debug", atMs: 8, text: "" });
  deepStrictEqual(sink.lines, [
    { severity: "notice", atMs: 7, text: "<notice 7> hello" },
    { severity: "debug", atMs: 8, text: "<debug 8> " },
  ]);
});

Deno.test("PrefixedSink keeps the order of lines that come to one sink through several", () => {
  const sink = new MemorySink();
  const own = new PrefixedSink(sink, () => "own: ");
  const messages = new PrefixedSink(sink, () => "message: ");
  for (const through of [own, messages, messages, own]) {
    const text = String(sink.lines.length);
    through.write({ severity: "info", atMs: 0, text });
  }
  deepStrictEqual(
    sink.lines.map(({ text }) => text),
    ["own: 0", "message: 1", "message: 2", "own: 3"],
  );
});

Deno.test("PrefixedSink flushes the sink behind it, and passes on what comes of that", async () => {
  const sink = new MemorySink();
  const prefixed = new PrefixedSink(sink, () => "");
  const { signal } = new AbortController();
  await prefixed.flush(signal);
  deepStrictEqual(sink.flushes.length, 1);
  strictEqual(sink.flushes[0], signal);
  sink.failure = new Error("lost");
  await rejects(prefixed.flush(signal), sink.failure);
});
