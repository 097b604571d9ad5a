import { strictEqual } from "node:assert/strict";
import {
  refusedState,
  type StateFolder,
  type StateWriter,
  type WritingVerb,
} from "../../lib/service/state_owner.ts";

const FOLDER: StateFolder = {
  path: "/var/lib/fail2ban-cluster",
  uid: 998,
  owner: "fail2ban-cluster",
};
const WRITER: StateWriter = {
  program: "fail2ban-subscriber",
  verb: "run",
  uid: 0,
  hasServices: true,
};
const HINTS: Readonly<Record<WritingVerb, string>> = {
  run:
    "systemctl start fail2ban-subscriber, or runuser -u fail2ban-cluster -- fail2ban-subscriber run",
  start:
    "systemctl start fail2ban-subscriber, or runuser -u fail2ban-cluster -- fail2ban-subscriber start",
  restart:
    "systemctl restart fail2ban-subscriber, or runuser -u fail2ban-cluster -- fail2ban-subscriber restart",
  lift:
    "systemctl stop fail2ban-subscriber, then setpriv --reuid=fail2ban-cluster --regid=fail2ban-cluster " +
    "--init-groups --inh-caps=+net_admin,+dac_override --ambient-caps=+net_admin,+dac_override " +
    "fail2ban-subscriber lift",
};

for (const [verb, hint] of Object.entries(HINTS)) {
  Deno.test(`root is refused to ${verb} on the state of a service, and told what works`, () => {
    const refused = refusedState(FOLDER, {
      ...WRITER,
      verb: verb as WritingVerb,
    });
    strictEqual(
      refused?.message,
      "/var/lib/fail2ban-cluster belongs to fail2ban-cluster",
    );
    strictEqual(refused.hint, hint);
    strictEqual(refused.exitCode, 4);
  });
}

Deno.test("root may write where state is missing, is root's, or no service is", () => {
  strictEqual(refusedState(undefined, WRITER), undefined);
  const roots = { ...FOLDER, uid: 0, owner: "root" };
  strictEqual(refusedState(roots, WRITER), undefined);
  const alone = { ...WRITER, hasServices: false };
  strictEqual(refusedState(FOLDER, alone), undefined);
});

Deno.test("who is not root is left to the modes of files", () => {
  for (const uid of [998, 1000, null]) {
    strictEqual(refusedState(FOLDER, { ...WRITER, uid }), undefined);
  }
});
