import { deepStrictEqual } from "node:assert/strict";

const LINE_CLOCK = new URL(
  "../../../lib/fail2ban/line_clock.ts",
  import.meta.url,
);

/** Hours that come twice: the zone, and when the second of them is half over. */
const HOURS: Readonly<Record<string, string>> = {
  "Europe/Berlin": "2026-10-25T01:30:00Z",
  "America/New_York": "2026-11-01T06:30:00Z",
  "Australia/Sydney": "2026-04-04T16:30:00Z",
};

/** What a process of that zone reads of live lines of both hours: how far off, and what it says. */
async function readIn(zone: string, second: string): Promise<unknown> {
  const code = `
    import { LineClock } from ${JSON.stringify(LINE_CLOCK.href)};
    const said = [];
    const lines = new LineClock({ record: (severity) => said.push(severity) });
    const read = (nowMs) => {
      const at = new Date(nowMs);
      const two = (part) => String(part).padStart(2, "0");
      const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())];
      const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two);
      lines.follow(nowMs - 250);
      return lines.timeOf(day.join("-") + " " + time.join(":") + ",000 x", nowMs) - nowMs;
    };
    const nowMs = Date.parse(${JSON.stringify(second)});
    const off = [-7_200_000, -3_600_000, 0, 3_600_000].map((ms) => read(nowMs + ms));
    console.log(JSON.stringify({ off, said }));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=js", code],
    env: { TZ: zone },
  }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

for (const [zone, second] of Object.entries(HOURS)) {
  Deno.test(`LineClock reads both hours that have the same name in autumn, and says nothing: ${zone}`, async () => {
    deepStrictEqual(await readIn(zone, second), {
      off: [0, 0, 0, 0],
      said: [],
    });
  });
}
