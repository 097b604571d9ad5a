import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { logFileTrouble, unitFolders } from "../../lib/service/unit_paths.ts";

const SHOWN = `LoadState=loaded
ProtectSystem=strict
ReadWritePaths=
StateDirectory=fail2ban-cluster
RuntimeDirectory=fail2ban-cluster
LogsDirectory=fail2ban-cluster
`;
const FOLDERS = [
  "/var/lib/fail2ban-cluster",
  "/run/fail2ban-cluster",
  "/var/log/fail2ban-cluster",
];
const FACTS = {
  program: "fail2ban-monitor",
  reason: undefined,
  folders: FOLDERS,
};

Deno.test("unitFolders() gives where a unit may write, edits of it among them", () => {
  deepStrictEqual(unitFolders(SHOWN), FOLDERS);
  const edited = SHOWN.replace("Paths=", "Paths=-/srv/log +/a");
  deepStrictEqual(unitFolders(edited), [...FOLDERS, "/srv/log", "/a"]);
});

Deno.test("unitFolders() knows nothing of a unit that is missing, or writes everywhere", () => {
  strictEqual(unitFolders(SHOWN.replace("loaded", "not-found")), undefined);
  strictEqual(unitFolders(SHOWN.replace("strict", "full")), undefined);
  strictEqual(unitFolders(""), undefined);
});

Deno.test("logFileTrouble() says which file a service may write, and how to have another", () => {
  const path = "/var/log/f2b.log";
  const expected =
    "general.logtarget = /var/log/f2b.log: the service fail2ban-monitor may not write it: " +
    "name a file in /var/lib/fail2ban-cluster or /run/fail2ban-cluster or /var/log/fail2ban-cluster, " +
    "or set no logtarget and read journalctl -u fail2ban-monitor; " +
    "for /var/log, which has to be fail2ban-cluster's, " +
    "systemctl edit fail2ban-monitor with [Service] ReadWritePaths=/var/log";
  strictEqual(logFileTrouble({ ...FACTS, path }), expected);
  // As the service itself sees it, where nobody can be asked.
  strictEqual(
    logFileTrouble({
      ...FACTS,
      path,
      folders: undefined,
      reason: "Read-only file system",
    }),
    expected.replace(
      "/var/lib/fail2ban-cluster or /run/fail2ban-cluster or ",
      "",
    ),
  );
});

Deno.test("logFileTrouble() has nothing to say of what can be written", () => {
  const path = "/var/log/fail2ban-cluster/monitor.log";
  strictEqual(logFileTrouble({ ...FACTS, path }), undefined);
  strictEqual(
    logFileTrouble({ ...FACTS, path: "/x", folders: undefined }),
    undefined,
  );
});
