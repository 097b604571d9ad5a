import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { syslogFilePrefix } from "../../lib/log/line_prefix.ts";
import { LineQueue } from "../../lib/log/line_queue.ts";
import type { LineSink, OutputLine } from "../../lib/log/line_sink.ts";
import {
  broadcastLogText,
  LogAction,
} from "../../lib/subscriber/log_action.ts";
import { ReceiptQueue } from "../../lib/subscriber/receipt_queue.ts";
import { UpdateProtection } from "../../lib/enforce/update_protection.ts";
import { Condition } from "../../lib/async/tasks.ts";
import { decodeBroadcast } from "../../lib/wire/v1.ts";
import { anyBanEvent } from "../support/values/any_values.ts";
import { banEvent, banEvents } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const HEAD = "fail2ban-zmq-tools Subscriber: Got broadcast message: ";

const POLICY = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

const never = () => new AbortController().signal;

/** A sink whose every flush is kept: how many lines had come by then. */
class MemorySink implements LineSink {
  readonly lines: OutputLine[] = [];
  readonly flushedAt: number[] = [];
  /** What the next flushes are rejected with. */
  failure: Error | undefined;
  /** Whether flushes wait until aborted. */
  paused = false;

  write(line: OutputLine): void {
    this.lines.push(line);
  }

  async flush(signal: AbortSignal): Promise<void> {
    this.flushedAt.push(this.lines.length);
    if (this.paused) await new Condition().wait(signal);
    if (this.failure !== undefined) throw this.failure;
  }
}

/** An action that writes to a sink; the rules are the least there are. */
function logAction(sink: LineSink, clock = new ManualClock()): LogAction {
  const protection = new UpdateProtection({
    policy: () => POLICY,
    receipts: new ReceiptQueue(),
    clock,
    log: new MemoryLog(),
  });
  return new LogAction({ sink, clock, protection });
}

Deno.test("broadcastLogText() writes the line that existing installations match", () => {
  const messages = [
    "web-1|sshd|Ban|192.0.2.1",
    "web-1|sshd|Unban|192.0.2.1",
    "WEB_1.example.net|my.jail|Ban|2001:db8::1",
    "web-1|sshd|Ban|2001:db8::/48",
  ];
  for (const message of messages) {
    strictEqual(broadcastLogText(banEvent(message)), `${HEAD}${message}`);
  }
});

Deno.test("broadcastLogText() is one line of ASCII, and says the event and nothing else", () => {
  fc.assert(fc.property(anyBanEvent, (event) => {
    const text = broadcastLogText(event);
    strictEqual(text.slice(0, HEAD.length), HEAD);
    strictEqual(/^[ -~]*$/.test(text), true);
    const message = new TextEncoder().encode(text.slice(HEAD.length));
    deepStrictEqual(decodeBroadcast([message]), { ok: true, value: event });
  }));
});

Deno.test("LogAction writes a stamped line for every event, in order, and flushes them", async () => {
  const sink = new MemorySink();
  const clock = new ManualClock();
  await clock.advance(1_234);
  const events = banEvents(3);
  await logAction(sink, clock).act(events, never());
  deepStrictEqual(
    sink.lines,
    events.map((event) => ({
      severity: "info",
      atMs: clock.nowMs(),
      text: broadcastLogText(event),
    })),
  );
  deepStrictEqual(sink.flushedAt, [3]);
});

Deno.test("LogAction hands over no more than five hundred lines without waiting for them", async () => {
  const sink = new MemorySink();
  await logAction(sink).act(banEvents(1_250), never());
  deepStrictEqual(sink.flushedAt, [500, 1_000, 1_250]);
});

Deno.test("LogAction is not done before its lines are out, and throws when they are lost", async () => {
  const sink = new MemorySink();
  const action = logAction(sink);
  sink.paused = true;
  const stop = new AbortController();
  let done = false;
  const acting = action.act(banEvents(1), stop.signal).finally(() =>
    done = true
  );
  const ended = rejects(acting, /stopped/);
  await settled();
  strictEqual(done, false);
  stop.abort(new Error("stopped"));
  await ended;
  sink.paused = false;
  sink.failure = new RuntimeError("2 are lost");
  await rejects(action.act(banEvents(1), never()), sink.failure);
});

Deno.test("LogAction hands every line over when the sink is in trouble, and waits for it once", async () => {
  const sink = new MemorySink();
  const action = logAction(sink);
  sink.failure = new RuntimeError("no room");
  await rejects(action.act(banEvents(1_250), never()), sink.failure);
  deepStrictEqual([sink.lines.length, sink.flushedAt], [1_250, [500]]);
});

Deno.test("LogAction writes no line of a protected address's ban, and one of its unban", async () => {
  const sink = new MemorySink();
  const messages = [
    "web-2|sshd|Ban|::1",
    "web-2|sshd|Ban|0.0.0.0/0",
    "web-2|sshd|Ban|192.0.2.1",
    "web-2|sshd|Unban|::1",
  ];
  await logAction(sink).act(messages.map(banEvent), never());
  deepStrictEqual(
    sink.lines.map(({ text }) => text),
    messages.slice(2).map((message) => `${HEAD}${message}`),
  );
});

Deno.test("LogAction writes nothing when it is aborted before", async () => {
  const sink = new MemorySink();
  const action = logAction(sink);
  const reason = new Error("stopped");
  await rejects(action.act(banEvents(1), AbortSignal.abort(reason)), reason);
  deepStrictEqual(sink.lines, []);
});

Deno.test("LogAction is named by the word in the configuration", () => {
  strictEqual(logAction(new MemorySink()).name, "log");
});

Deno.test("LogAction through a queue to a file writes what a syslog daemon would have written", async () => {
  const clock = new ManualClock();
  const prefix = syslogFilePrefix(
    { name: "fail2ban-subscriber", pid: 123 },
    "web-2",
  );
  let file = "";
  await using queue = new LineQueue({
    target: "a file",
    clock,
    complain: (sentence) => {
      throw new Error(sentence);
    },
    deliver: (lines) => {
      for (const line of lines) file += `${prefix(line)}${line.text}\n`;
      return Promise.resolve();
    },
  });
  await logAction(queue, clock).act(banEvents(250), never());
  const written = file.split("\n");
  strictEqual(written.length, 251);
  strictEqual(
    written[249]?.replace(/^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d /, ""),
    `web-2 fail2ban-subscriber[123]: ${HEAD}web-1|sshd|Ban|198.18.0.249`,
  );
});
