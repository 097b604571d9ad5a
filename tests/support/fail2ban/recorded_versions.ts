/**
 * The recorded versions of fail2ban, each from a real run: 0.11.2 of Debian 11
 * with its Python 3.9; 1.0.2 of Debian 12, 1.1.0 of Debian 13 and 1.1.1 of
 * Debian unstable with Python 3.11.
 *
 * @module
 */

import type { RecordedVersion } from "./recorded_version_form.ts";
import fail2ban011 from "../../fixtures/fail2ban/0.11.2.json" with {
  type: "json",
};
import fail2ban10 from "../../fixtures/fail2ban/1.0.2.json" with {
  type: "json",
};
import fail2ban110 from "../../fixtures/fail2ban/1.1.0.json" with {
  type: "json",
};
import fail2ban111 from "../../fixtures/fail2ban/1.1.1.json" with {
  type: "json",
};

/** From the oldest to the newest. */
export const RECORDED_VERSIONS: readonly RecordedVersion[] = [
  fail2ban011,
  fail2ban10,
  fail2ban110,
  fail2ban111,
];
