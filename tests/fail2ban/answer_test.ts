import { deepStrictEqual, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../../lib/base/errors.ts";
import { readAnswer, refused } from "../../lib/fail2ban/answer.ts";
import type { Fail2banReply } from "../../lib/fail2ban/ports.ts";
import { bytesOf } from "../support/values/pickle_samples.ts";

/** A pickle, and what it says. */
const ANSWERS: Readonly<Record<string, readonly [string, Fail2banReply]>> = {
  "done": ["\x80\x02K\0U\x04pong\x86.", { kind: "done", value: "pong" }],
  "done, with nothing to say": ["\x80\x02K\0N\x86.", {
    kind: "done",
    value: null,
  }],
  "a jail that is not there": [
    "\x80\x02K\x01cfail2ban.exceptions\nUnknownJailException\nU\x01x\x85R\x86.",
    { kind: "no_jail" },
  ],
  "a jail that is not there, by an old fail2ban": [
    "\x80\x02K\x01cserver.jails\nUnknownJailException\nU\x01x\x85R\x86.",
    { kind: "no_jail" },
  ],
  "an error": [
    "\x80\x02K\x01cexceptions\nValueError\nU\x06no wayK\x05\x86R\x86.",
    { kind: "refused", reason: "no way, 5" },
  ],
  "an error without words": [
    "\x80\x02K\x01cbuiltins\nIndexError\n)R\x86.",
    { kind: "refused", reason: "IndexError" },
  ],
  "an error whose name only looks like it": [
    "\x80\x02K\x01cx\nNoUnknownJailException\n)R\x86.",
    { kind: "refused", reason: "NoUnknownJailException" },
  ],
  "a complaint": ["\x80\x02U\x08ERROR: x.", {
    kind: "refused",
    reason: "ERROR: x",
  }],
};

for (const [what, [text, reply]] of Object.entries(ANSWERS)) {
  Deno.test(`an answer is understood: ${what}`, () => {
    deepStrictEqual(readAnswer(bytesOf(text)), reply);
  });
}

Deno.test("a fail2ban that is stopping says so", () => {
  throws(() => readAnswer(bytesOf("\x80\x02]U\x08SHUTDOWNa.")), {
    name: "RuntimeError",
    message: "fail2ban is stopping",
  });
});

const NO_ANSWERS: Readonly<Record<string, string>> = {
  "no pickle": "pong",
  "nothing": "",
  "a number": "K\0.",
  "an empty list": "].",
  "one part": "K\0\x85.",
  "three parts": "K\0K\0K\0\x87.",
  "another status": "K\x02K\0\x86.",
  "a status that is a text": "U\x010K\0\x86.",
  "an error that is a text": "K\x01U\x01x\x86.",
  "an error that is nothing": "K\x01N\x86.",
  "an error that is a list": "K\x01]\x86.",
  "a goodbye with more": "]U\x08SHUTDOWNaK\0a.",
};

for (const [what, text] of Object.entries(NO_ANSWERS)) {
  Deno.test(`what is no answer is an error to mend: ${what}`, () => {
    throws(() => readAnswer(bytesOf(text)), RuntimeError);
  });
}

Deno.test("fail2ban's words are one printable line, and not long, whatever they are", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (words) => {
    const reply = refused(words.repeat(20));
    ok(reply.kind === "refused");
    ok(/^[\x20-\x7e]{0,200}$/.test(reply.reason), reply.reason);
  }));
  deepStrictEqual(refused("a\r\nb\u2028c "), {
    kind: "refused",
    reason: "a b c",
  });
});
