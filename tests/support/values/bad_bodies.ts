/**
 * Bodies of protocol 2 that no member would send.
 *
 * @module
 */

const LONGEST = 1_048_576;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A description, and the body of EVENTS with the session's id. */
export type BadBody = readonly [what: string, body: Uint8Array];

/**
 * Makes bodies for a valid session, so that only the rest is wrong.
 *
 * @param session The session's id.
 */
export function badBodies(session: string): readonly BadBody[] {
  const event =
    `"kind":"ban","id":"event-0000000000000001","jail":"sshd","address":"203.0.113.1"`;
  const batch = (events: string, number = "1") =>
    `{"session":"${session}","batch":${number},"events":${events}}`;
  const ban = (remaining: string) =>
    batch(`[{${event},"remainingMs":${remaining},"agoMs":0}]`);
  const filled = (head: string, unit: string, tail: string) =>
    head + unit.repeat((LONGEST - head.length - tail.length) / unit.length) +
    tail;
  const texts: readonly (readonly [string, string])[] = [
    ["half a million levels", filled("", "[", "")],
    ["levels of objects", filled("", '{"a":', "")],
    ["levels of __proto__", filled("", '{"__proto__":', "")],
    ["levels that are closed again", "[".repeat(1_000) + "]".repeat(1_000)],
    ["a wide list", filled(batch("[").slice(0, -1), "0,", "0]}")],
    ["a wide list of objects", filled("[", "{},", "{}]")],
    ["a wide list of lists", filled("[", "[[]],", "[]]")],
    ["a wide object", filled("{", '"a":0,', '"z":0}')],
    ["1,001 events", batch(`[${Array(1_001).fill("{}").join()}]`)],
    ["__proto__ in the body", batch("[]").replace("}", ',"__proto__":{}}')],
    ["__proto__ in an event", batch(`[{${event},"__proto__":{"x":1}}]`)],
    ["__proto__ instead of all", `{"__proto__":${ban("1")}}`],
    ["constructor", batch(`[{${event},"constructor":{"prototype":1}}]`)],
    ["toJSON", batch(`[{${event},"toJSON":1}]`)],
    [
      "a key twice",
      batch(`[{${event},"remainingMs":1,"remainingMs":2,"agoMs":0}]`),
    ],
    ["1e400", ban("1e400")],
    ["-1e400", ban("-1e400")],
    ["1e-400", ban("1e-400")],
    ["-0", ban("-0")],
    ["1.0", ban("1.0")],
    [
      "2^53 + 1",
      batch(`[{${event},"remainingMs":1,"agoMs":0}]`, "9007199254740993"),
    ],
    ["a number of 1 MiB", filled("", "9", "")],
    ["a lone surrogate", batch(`[{${event.replace("sshd", "\\ud800")}}]`)],
    ["surrogates in the wrong order", batch('["\\udc00\\ud800"]')],
    ["NUL", batch(`[{${event.replace("sshd", "s\0d")}}]`)],
    ["an escape", ban("1").replace("sshd", "ssh\\u0064")],
    ["a mark of the byte order", `\ufeff${ban("1")}`],
  ];
  const invalid = (...put: number[]): Uint8Array => {
    const whole = bytes(ban("1"));
    const at = ban("1").indexOf("sshd");
    return Uint8Array.of(...whole.slice(0, at), ...put, ...whole.slice(at));
  };
  return [
    ...texts.map(([what, text]) => [what, bytes(text)] as const),
    ["a byte that is not UTF-8", invalid(0xff)],
    ["an overlong NUL", invalid(0xc0, 0x80)],
    ["a surrogate in UTF-8", invalid(0xed, 0xa0, 0x80)],
    ["half a character", invalid(0xe2, 0x82)],
    ["nothing", bytes("")],
    ["zero bytes", new Uint8Array(LONGEST)],
  ];
}
