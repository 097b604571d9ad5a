import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  type Diagnosed,
  DoctoredRoot,
  type DoctorFinding,
} from "../../support/host/doctored_root.ts";
import { type BrokenSetUp, STATE } from "../../support/doctor/broken_set_up.ts";
import { BROKEN_PROGRAMS } from "../../support/doctor/broken_programs.ts";
import { BROKEN_STATE } from "../../support/doctor/broken_state.ts";
import { BROKEN_SURROUNDINGS } from "../../support/doctor/broken_surroundings.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/** Parts of a report. */
const HEADINGS = [
  /^== versions$/m,
  /^fail2ban +1\./m,
  /^== configuration of fail2ban-monitor$/m,
  /^== status of fail2ban-publisher$/m,
  /^== doctor$/m,
  /^== the last 200 lines of \/var\/log\/f2bc\.log$/m,
];

/** So it is on every new hub. */
const NO_BACKUP: BrokenSetUp = {
  what: "a hub without a backup",
  breaks: "true",
  state: "warn",
  subject: "backup",
  says: /none was made/,
  fix: /fail2ban-cluster backup /,
};

const BROKEN = [...BROKEN_PROGRAMS, ...BROKEN_STATE, ...BROKEN_SURROUNDINGS];

const bad = ({ findings }: Diagnosed) =>
  findings.filter(({ state }) => state !== "ok");

/** Waits until `doctor` finds it, and gives that. */
async function found(
  host: DoctoredRoot,
  { what, subject, state, says, within, env }: BrokenSetUp,
): Promise<{ readonly code: number; readonly finding: DoctorFinding }> {
  let last: Diagnosed | undefined;
  return await waitUntil(async () => {
    last = await host.doctor(within, env);
    const finding = last.findings.find((each) =>
      each.subject === subject && each.state === state &&
      says.test(each.finding)
    );
    return finding && { code: last.code, finding };
  }, { what: `${what} to be found`, timeoutMs: 20_000, intervalMs: 500 })
    .catch((cause) => {
      throw new Error(JSON.stringify(last, undefined, 1), { cause });
    });
}

/** Waits until all is well again. */
async function mended(
  host: DoctoredRoot,
  { what, env }: BrokenSetUp,
): Promise<void> {
  let last: Diagnosed | undefined;
  await waitUntil(async () => {
    last = await host.doctor("", env);
    return last.code === 0 && bad(last).length === 0;
  }, { what: `${what} to be mended`, timeoutMs: 20_000, intervalMs: 500 })
    .catch((cause) => {
      throw new Error(JSON.stringify(last && bad(last), undefined, 1), {
        cause,
      });
    });
}

testWith(
  ["overlay", "netns", "fail2ban", "nftables", "setpriv", "faketime"],
  "doctor names each fault and a fix that works when it is typed",
  async (t) => {
    await using host = await DoctoredRoot.create();
    // The programs themselves keep their place, and the store its clock.
    const changed =
      `find /etc ${STATE} /var/lib/fail2ban /usr/local -newer /run/mark -type f ` +
      "-not -name '*.sqlite3*' -not -name 'monitor.*'";
    await t.step(NO_BACKUP.what, async () => {
      const { finding } = await found(host, NO_BACKUP);
      match(finding.fix ?? "", NO_BACKUP.fix);
      await host.type(finding.fix ?? "");
      await mended(host, NO_BACKUP);
    });
    await t.step("all is well, and nothing is changed by looking", async () => {
      await mended(host, {} as BrokenSetUp);
      await host.type("touch /run/mark; sleep 1");
      const { code, findings } = await host.doctor();
      strictEqual(code, 0);
      deepStrictEqual(bad({ code, findings }), []);
      strictEqual(await host.type(changed), "");
    });
    await t.step("report shows nobody's secret, address or name", async () => {
      await host.type(
        "fail2ban-client set sshd banip 203.0.113.77 2001:db8::77 >/dev/null; " +
          "fail2ban-cluster allow add 198.51.100.0/24 2>/dev/null; " +
          `echo '2026-11-29T13:44:48Z x: INFO: planted node=stranger9 address=203.0.113.78' >>/var/log/f2bc.log`,
      );
      const planted = [
        ...["203.0.113.7", "2001:db8::77", "198.51.100.0"],
        ...["stranger9", "all1", "a-planted-token-0123456789"],
      ];
      const secrets = (await host.type(
        `cat ${STATE}/membership.json ${STATE}/members/*.json | ` +
          `grep -oE '"(secretKey|publicKey|publisherKey|token|tokenDigest)": *"[^"]*"' | cut -d'"' -f4`,
      )).split("\n").filter((secret) => secret !== "");
      ok(secrets.length > 4, secrets.join());
      const reported = await host.type("fail2ban-cluster report 2>/dev/null");
      for (const text of [...planted, ...secrets]) {
        ok(!reported.includes(text), `${text}\n${reported}`);
      }
      for (const heading of HEADINGS) match(reported, heading);
      const shown = await host.type(
        "fail2ban-cluster report --addresses 2>/dev/null",
      );
      ok(shown.includes("203.0.113.78") && !shown.includes("stranger9"));
      ok(secrets.every((secret) => !shown.includes(secret)));
      await host.type(
        "fail2ban-client set sshd unbanip 203.0.113.77 2001:db8::77 >/dev/null; " +
          "fail2ban-cluster allow remove 198.51.100.0/24 2>/dev/null",
      );
    });
    for (const broken of BROKEN) {
      await t.step(broken.what, async () => {
        const { breaks, state, fix, instead, after } = broken;
        await host.type(breaks);
        const { code, finding } = await found(host, broken);
        strictEqual(code, state === "fail" ? 4 : code);
        match(finding.fix ?? "", fix);
        await host.type(instead ?? finding.fix ?? "true");
        if (after !== undefined) await host.type(after);
        await mended(host, broken);
      });
    }
  },
);
