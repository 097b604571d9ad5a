import { strictEqual } from "node:assert/strict";
import { endInLine, timeOfLine } from "../../lib/fail2ban/line_time.ts";

const NOW_MS = new Date(2026, 10, 23, 20, 38, 55).getTime();
const AT_MS = new Date(2026, 10, 22, 14, 4, 14, 285).getTime();
const REST = "fail2ban.actions        [10390]: NOTICE  [sshd] Ban 192.0.2.1";

const LINES: Readonly<Record<string, number | undefined>> = {
  [`2026-11-22 14:04:14,285 ${REST}`]: AT_MS,
  [`Nov 22 14:04:14 web1 ${REST}`]: AT_MS - 285,
  [`<29>Nov 22 14:04:14 web1 ${REST}`]: AT_MS - 285,
  [`Nov  2 14:04:14 web1 ${REST}`]: new Date(2026, 10, 2, 14, 4, 14).getTime(),
  // Of last year: this year it is still to come.
  [`Dec 22 14:04:14 web1 ${REST}`]: new Date(2025, 11, 22, 14, 4, 14).getTime(),
  [`2026-11-22T14:04:14.285+02:00 web1 ${REST}`]: Date.UTC(
    ...[2026, 10, 22, 12, 4, 14, 285] as const,
  ),
  [`<29>2026-11-22T14:04:14Z web1 ${REST}`]: Date.UTC(2026, 10, 22, 14, 4, 14),
  [REST]: undefined,
  [`<29>${REST}`]: undefined,
  [`web1 fail2ban[9]: [sshd] Ban 192.0.2.1`]: undefined,
  [`2026-13-45 14:04:14,285 ${REST}`]: undefined,
  [`Foo 22 14:04:14 web1 ${REST}`]: undefined,
  "": undefined,
};

for (const [line, expected] of Object.entries(LINES)) {
  Deno.test(`timeOfLine() reads "${line.slice(0, 32)}"`, () => {
    strictEqual(timeOfLine(line, NOW_MS), expected);
  });
}

Deno.test("endInLine() reads until when an increased ban holds", () => {
  const end = (text: string) =>
    endInLine(`[sshd] Increase Ban 192.0.2.1 ${text}`);
  strictEqual(
    end("(2 # 4h -> 2026-11-22 18:04:14)"),
    new Date(2026, 10, 22, 18, 4, 14).getTime(),
  );
  strictEqual(end("(9 # permanent -> infinite)"), undefined);
  strictEqual(end("(2 # 4h -> 2026-11-22 18:04:14) x"), undefined);
});
