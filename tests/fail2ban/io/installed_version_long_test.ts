import { recordVersion } from "../../support/fail2ban/recorded_version.ts";
import {
  expectAnswers,
  expectLog,
  expectReports,
} from "../../support/fail2ban/version_expectations.ts";
import { testWith } from "../../support/host/real_parts.ts";

testWith(
  "fail2ban",
  "the fail2ban that is installed says what the recorded versions say",
  async () => {
    const recorded = await recordVersion();
    expectLog(recorded);
    expectReports(recorded);
    await expectAnswers(recorded);
  },
);
