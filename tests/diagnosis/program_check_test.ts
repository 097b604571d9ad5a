import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { processesOf } from "../../lib/diagnosis/process_list.ts";
import {
  checkProgram,
  isOfThisHost,
  type ProgramFacts,
  type UnitFacts,
} from "../../lib/diagnosis/program_check.ts";
import { readUnit } from "../../lib/diagnosis/unit_properties.ts";
import { BY_HAND, SYSTEMD, texts } from "../support/diagnosis/finding_texts.ts";

const DOWN: ProgramFacts = {
  program: "fail2ban-monitor",
  service: "fail2ban-monitor",
  pidFile: "/run/fail2ban-monitor.pid",
  run: { kind: "stopped" },
  unit: undefined,
  isSetUp: true,
  others: [],
};

Deno.test("checkProgram() of a node's part names the node's unit", () => {
  const unit: UnitFacts = {
    load: "loaded",
    active: "inactive",
    file: "disabled",
    result: "success",
  };
  const part = { ...DOWN, service: "fail2ban-node", unit };
  deepStrictEqual(texts(checkProgram(part, "1", SYSTEMD)), [
    "fail fail2ban-node.service: does not run, and is not started at boot -> systemctl enable --now fail2ban-node",
  ]);
});

Deno.test("checkProgram() goes by the unit where there is one", () => {
  const unit: UnitFacts = {
    load: "loaded",
    active: "inactive",
    file: "enabled",
    result: "success",
  };
  const said = (more: Partial<UnitFacts>) =>
    texts(checkProgram({ ...DOWN, unit: { ...unit, ...more } }, "1", SYSTEMD));
  deepStrictEqual(said({}), [
    "fail fail2ban-monitor.service: does not run (inactive) -> systemctl start fail2ban-monitor",
  ]);
  deepStrictEqual(said({ file: "disabled" }), [
    "fail fail2ban-monitor.service: does not run, and is not started at boot -> systemctl enable --now fail2ban-monitor",
  ]);
  match(
    said({ active: "failed", result: "exit-code" })[0] ?? "",
    /has failed \(exit-code\): journalctl -u .* -> systemctl reset-failed fail2ban-monitor; systemctl start fail2ban-monitor$/,
  );
  match(said({ load: "masked" })[0] ?? "", /systemctl unmask/);
  strictEqual(
    said({ load: "not-found", file: "" }).at(-1),
    "fail fail2ban-monitor.service: is not installed -> install.sh install --role monitor",
  );
  deepStrictEqual(texts(checkProgram(DOWN, "1", BY_HAND)), [
    "fail fail2ban-monitor: does not run -> fail2ban-monitor start",
  ]);
  strictEqual(isOfThisHost({ ...DOWN, isSetUp: false }), false);
  const isIn = (more: Partial<UnitFacts>, isSetUp = false) =>
    isOfThisHost({ ...DOWN, isSetUp, unit: { ...unit, ...more } });
  strictEqual(isIn({}), true);
  strictEqual(isIn({ file: "disabled" }), false);
  strictEqual(isIn({ file: "disabled" }, true), true);
  strictEqual(isIn({ file: "disabled", active: "failed" }), true);
});

Deno.test("processesOf() finds programs at work, however they are run", () => {
  const listed = [
    "  1 4026 /sbin/init",
    " 12 4026 /usr/local/bin/fail2ban-subscriber run --config /a.conf",
    " 13 4027 /x/deno run --config /p/deno.json -P=subscriber /p/roles/subscriber.ts run -c /b.conf",
    " 14 4026 /usr/local/bin/fail2ban-subscriber check",
    " 15 4026 sh -c fail2ban-subscriber run",
    " 16 4026 vi roles/subscriber.ts.orig",
  ].join("\n");
  deepStrictEqual(processesOf(listed, "subscriber"), [
    { pid: 12, network: "4026", configPath: "/a.conf" },
    { pid: 13, network: "4027", configPath: "/b.conf" },
  ]);
});

Deno.test("readUnit() reads what systemctl shows", () => {
  deepStrictEqual(
    readUnit(
      "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nResult=success\nUser=fail2ban-cluster\n",
    ),
    {
      load: "loaded",
      active: "active",
      file: "enabled",
      result: "success",
      user: "fail2ban-cluster",
    },
  );
});
