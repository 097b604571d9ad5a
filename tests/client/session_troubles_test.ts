import { deepStrictEqual } from "node:assert/strict";
import { NoAnswerError } from "../../lib/client/session.ts";
import { SessionTroubles } from "../../lib/client/session_troubles.ts";
import type { Explanation } from "../../lib/client/silence.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { host } from "../support/values/core_values.ts";

Deno.test("SessionTroubles tells why there is no connection once two attempts found the same: a publisher that starts between attempt and look is no member's trouble", async () => {
  const log = new MemoryLog();
  const refused = { reason: "connection refused", hint: "look there" };
  const stranger = { reason: "no handshake", hint: "join anew" };
  let found: Explanation = refused;
  const troubles = new SessionTroubles({
    clock: new ManualClock(),
    log,
    node: host("web1"),
    explain: () => Promise.resolve(found),
  });
  const fail = (explanation: Explanation) => {
    found = explanation;
    return troubles.tell(new NoAnswerError("connection"));
  };
  await fail(refused);
  deepStrictEqual([log.events, troubles.current], [[], refused]);
  await fail(refused);
  await fail(refused);
  await fail(stranger);
  troubles.noteWelcome();
  await fail(stranger);
  deepStrictEqual(
    log.records.map(({ event, fields }) => [event, fields]),
    [
      ["no conversation with the publisher", refused],
      ["the publisher answers again", {}],
    ],
  );
  await fail(stranger);
  deepStrictEqual(log.records.at(-1)?.fields, stranger);
});

Deno.test("SessionTroubles tells why there is no connection where each of two addresses has its own reason", async () => {
  const log = new MemoryLog();
  const reasons = ["no answer from tcp://a", "no answer from tcp://b"];
  let attempts = 0;
  const troubles = new SessionTroubles({
    clock: new ManualClock(),
    log,
    node: host("web1"),
    explain: () =>
      Promise.resolve({ reason: reasons[attempts++ % 2] ?? "", hint: "" }),
  });
  for (let count = 0; count < 2; count++) {
    await troubles.tell(new NoAnswerError("connection"));
  }
  deepStrictEqual(log.events, []);
  for (let count = 0; count < 4; count++) {
    await troubles.tell(new NoAnswerError("connection"));
  }
  deepStrictEqual(log.records.map(({ fields }) => fields["reason"]), reasons);
});
