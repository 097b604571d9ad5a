import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  END_MARKER,
  MAX_ANSWER_BYTES,
  MAX_WORD_LENGTH,
  MAX_WORDS,
  PickleError,
  pickleWords,
  unpickle,
} from "../../lib/fail2ban/pickle.ts";
import {
  ANSWER_PICKLES,
  bytesOf,
  REFUSED_PICKLES,
} from "../support/values/pickle_samples.ts";

for (const { what, value, pickles } of ANSWER_PICKLES) {
  Deno.test(`an answer is read: ${what}`, () => {
    for (const [protocol, text] of Object.entries(pickles)) {
      deepStrictEqual(unpickle(bytesOf(text)), value, protocol);
      if (protocol !== "4") continue;
      const newest = text.replace("\x80\x04", "\x80\x05");
      deepStrictEqual(unpickle(bytesOf(newest)), value, "5");
    }
  });
}

for (const [what, text] of Object.entries(REFUSED_PICKLES)) {
  Deno.test(`a pickle that no fail2ban sends is refused: ${what}`, () => {
    throws(() => unpickle(bytesOf(text)), PickleError);
  });
}

Deno.test("an answer may be as long and as full as a jail with 100,000 bans, and no longer", () => {
  const line = "2001:db8:1111:2222:3333:4444:5555:6666 \t2026-11-22 14:09:21" +
    " + 31536000 = 2026-11-22 14:11:21";
  const bans = `U${String.fromCharCode(line.length)}${line}`.repeat(100_000);
  const answer = unpickle(bytesOf(`\x80\x02](${bans}e.`));
  strictEqual(Array.isArray(answer) && answer.length, 100_000);

  throws(() => unpickle(new Uint8Array(MAX_ANSWER_BYTES + 1)), /too long/);
  throws(
    () => unpickle(bytesOf(`\x80\x02](${"N".repeat(1_000_001)}e.`)),
    /too many/,
  );
});

Deno.test("words come out as they went in", () => {
  const word = fc.string({
    unit: fc.constantFrom(..."abcXYZ019.:/_@+-<>"),
    minLength: 1,
    maxLength: MAX_WORD_LENGTH,
  }).filter((text) => !text.includes("<F2B_"));
  fc.assert(fc.property(
    fc.array(word, { minLength: 1, maxLength: MAX_WORDS }),
    (words) => deepStrictEqual(unpickle(pickleWords(words)), words),
  ));
});

Deno.test("words are pickled as every fail2ban reads them", () => {
  deepStrictEqual(
    pickleWords(["ping", "::1"]),
    bytesOf("\x80\x02](X\x04\0\0\0pingX\x03\0\0\0::1e."),
  );
});

/** Text in which what would be dangerous is frequent. */
const anyHostileText = fc.oneof(
  fc.constantFrom("set", "sshd", "banip", "192.0.2.1", "--all", "e.", "cos"),
  fc.array(
    fc.oneof(
      fc.constantFrom(
        ...[END_MARKER, "<F2B_CLOSE_COMMAND>", "<F2B_", "END_COMMAND>"],
        ...["cos\nsystem\n", "", " ", "\n", "\0", "\r", "\x7f", "."],
        ...["\u2028", "\u017f", "\ufeff", "set", "192.0.2.1"],
      ),
      fc.string({ unit: "binary", maxLength: 8 }),
    ),
    { maxLength: 4 },
  ).map((parts) => parts.join("")),
);

Deno.test("whatever the words are, a pickle holds no marker and only what was put in", () => {
  let refused = 0;
  let sent = 0;
  fc.assert(
    fc.property(
      fc.array(anyHostileText, { maxLength: 3 }),
      (words) => {
        let pickle: Uint8Array;
        try {
          pickle = pickleWords(words);
        } catch (error) {
          refused++;
          return ok(error instanceof RangeError);
        }
        sent++;
        const text = String.fromCharCode(...pickle);
        ok(!text.includes("<F2B_"), text);
        ok(/^[\x21-\x7e]+$/.test(words.join("")));
        deepStrictEqual(unpickle(pickle), words);
      },
    ),
    { numRuns: 2_000 },
  );
  ok(refused > 100 && sent > 100, `${refused} refused, ${sent} sent`);
});

Deno.test("no words, too many and too long ones are not sent", () => {
  throws(() => pickleWords([]), RangeError);
  throws(() => pickleWords(Array(MAX_WORDS + 1).fill("a")), RangeError);
  throws(() => pickleWords([""]), RangeError);
  throws(() => pickleWords(["a".repeat(MAX_WORD_LENGTH + 1)]), RangeError);
});

Deno.test("whatever the bytes are, a pickle is read or refused", () => {
  const opcode = fc.constantFrom(
    ..."\x80\x95\x94qrhjN\x88\x89KMJ\x8aG\x8cXUT(]ae}su)\x85\x86\x87tc\x93R.",
  );
  const anyBytes = fc.array(
    fc.oneof(opcode, fc.constantFrom("\0", "\x01", "\n", "a"), fc.nat(255)),
    { maxLength: 40 },
  ).map((parts) =>
    Uint8Array.from(
      parts,
      (part) => typeof part === "number" ? part : part.charCodeAt(0),
    )
  );
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      try {
        unpickle(bytes);
      } catch (error) {
        ok(error instanceof PickleError, String(error));
      }
    }),
    { numRuns: 5_000 },
  );
});

Deno.test("an answer with a byte changed is read or refused", () => {
  const all = ANSWER_PICKLES.flatMap(({ pickles }) => Object.values(pickles));
  fc.assert(
    fc.property(
      fc.constantFrom(...all),
      fc.nat(),
      fc.nat(255),
      (text, at, byte) => {
        const bytes = bytesOf(text);
        bytes[at % bytes.length] = byte;
        try {
          unpickle(bytes);
        } catch (error) {
          ok(error instanceof PickleError, String(error));
        }
      },
    ),
    { numRuns: 5_000 },
  );
});
