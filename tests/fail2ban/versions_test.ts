import { strictEqual } from "node:assert/strict";
import {
  expectAnswers,
  expectLog,
  expectReports,
} from "../support/fail2ban/version_expectations.ts";
import { RECORDED_VERSIONS } from "../support/fail2ban/recorded_versions.ts";

Deno.test("the versions that are known are recorded", () => {
  strictEqual(
    RECORDED_VERSIONS.map(({ version }) => version).join(),
    "0.11.2,1.0.2,1.1.0,1.1.1",
  );
});

for (const recorded of RECORDED_VERSIONS) {
  const { version } = recorded;
  Deno.test(`every line of fail2ban ${version} is understood, and says what it should`, () => {
    expectLog(recorded);
  });
  Deno.test(`restarts of fail2ban ${version}, and of its jails, lift nothing`, () => {
    expectReports(recorded);
  });
  Deno.test(`every answer of fail2ban ${version} is understood`, async () => {
    await expectAnswers(recorded);
  });
}
