/**
 * Who types what README.md and QUICKSTART.md show: each command has a test, or
 * a part of CI, that runs it.
 *
 * @module
 */

import { deepStrictEqual, ok } from "node:assert/strict";
import {
  blocksIn,
  type CommandPage,
  linesIn,
  namedCommands,
  namedIn,
  shownBlocks,
  shownLines,
} from "../support/install/shown_commands.ts";

const ROOT = new URL("../../", import.meta.url);
const INSTALL = "tests/e2e/install/";
const THREE_HOSTS = `${INSTALL}quickstart_slow_test.ts`;

/** A file that runs something, and what in it shows so. */
interface Runner {
  readonly file: string;
  readonly has: string;
}

/** Lines with a host before them are typed on these three hosts, in their order, from a package and by install.sh. */
const LINES: Readonly<Record<CommandPage, Runner>> = {
  "README.md": { file: THREE_HOSTS, has: 'shownLines("README.md")' },
  "docs/QUICKSTART.md": {
    file: THREE_HOSTS,
    has: 'shownLines("docs/QUICKSTART.md")',
  },
};

const REPOSITORY = {
  file: `${INSTALL}repository_slow_test.ts`,
  has: "/^## From a repository$",
};

/** Blocks that are typed as they stand, by their first lines. */
const BLOCKS: Readonly<Record<string, Runner>> = {
  "npx -y deno@2.9.6 task demo": {
    file: "tests/e2e/programs/demo_test.ts",
    has: 'shownBlock("README.md", "task demo")',
  },
  "install -D -m 0644 /srv/fail2ban-cluster/fail2ban-cluster.asc /etc/apt/keyrings/fail2ban-cluster.asc":
    REPOSITORY,
  "install -D -m 0644 /srv/fail2ban-cluster/fail2ban-cluster.asc /etc/pki/rpm-gpg/fail2ban-cluster.asc":
    REPOSITORY,
  "npx -y deno@2.9.6 task ok": { file: ".ci/run", has: "part task ok" },
  "install -D -m 0600 fail2ban-cluster.conf /etc/fail2ban-cluster/fail2ban-cluster.conf":
    {
      file: "tests/e2e/programs/by_hand_long_test.ts",
      has: '"roles/node.ts start"',
    },
};

const DEB = {
  file: THREE_HOSTS,
  has: "typeAll(before.slice(0, proof + 1))",
};
const RPM = {
  file: `${INSTALL}packages_long_test.ts`,
  has: "rpm -U --nodeps /mnt/given/fail2ban-cluster-$1-*.rpm",
};
const FROM_SOURCE = {
  file: `${INSTALL}source_slow_test.ts`,
  has: '["sh", INSTALL, "install", "--from-source"]',
};

/** Commands within sentences and tables, whose files, names and addresses the reader puts in. */
const NAMED: Readonly<Record<string, Runner>> = {
  "apt install ./*.deb": DEB,
  "dnf install ./*.rpm": RPM,
  "dnf install ./fail2ban-cluster-0.2.0-1.x86_64.rpm": RPM,
  "sh install.sh install": { file: THREE_HOSTS, has: "BY_SCRIPT" },
  "sh install.sh install --version V": {
    file: `${INSTALL}version_long_test.ts`,
    has: '["install", "--version", version, "--destdir", this.root]',
  },
  "sh install.sh install --from-source": FROM_SOURCE,
  "npx -y deno@2.9.6 run -q -P=node roles/node.ts": {
    file: "tests/e2e/programs/by_hand_long_test.ts",
    has: 'namedCommands("README.md")',
  },
  "deno task bench": { file: ".ci/run", has: "part task bench --short" },
  "deno task demo": { file: ".ci/run", has: "part task demo" },
  "deno task test:long": { file: ".ci/run", has: "part task test:long" },
  'fail2ban-cluster allow add 198.51.100.0/28 --note "the office"': {
    file: "tests/e2e/members/allow_long_test.ts",
    has: "`allow add ${CUSTOMER} --note customer`",
  },
  "fail2ban-cluster backup DIR": {
    file: "tests/e2e/operators/backup_test.ts",
    has: 'operated.say("backup", backup)',
  },
  "fail2ban-client ping": {
    file: `${INSTALL}journal_slow_test.ts`,
    has: "fail2ban-client ping",
  },
  "fail2ban-client status": {
    file: "tests/support/cluster/host_agreement.ts",
    has: 'server.client("status")',
  },
  "fail2ban-subscriber lift": {
    file: `${INSTALL}systemd_long_test.ts`,
    has: "systemctl stop fail2ban-subscriber\nfail2ban-subscriber lift",
  },
  "systemctl restart fail2ban-publisher": {
    file: `${INSTALL}restarts_long_test.ts`,
    has: "systemctl restart fail2ban-publisher",
  },
};

/** What no test runs, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  "ufw allow proto tcp from 192.0.2.11 to any port 5681,5682":
    "it takes another firewall's rules over on the host that tests",
  "npx -y deno@2.9.6": "it is a beginning, which is there to be replaced",
};

const PAGES = ["README.md", "docs/QUICKSTART.md"] as const;

/** What is wrong with a command's runner; `undefined`: nothing. */
async function faultOf(
  command: string,
  runner: Runner | undefined,
): Promise<string | undefined> {
  if (runner === undefined) return `${command}: nobody runs it`;
  const { file, has } = runner;
  const text = await Deno.readTextFile(new URL(file, ROOT)).catch(() => "");
  return text.includes(has) ? undefined : `${command}: ${file} has no ${has}`;
}

async function faultsOf(
  commands: readonly string[],
  runners: Readonly<Record<string, Runner>>,
): Promise<readonly string[]> {
  const faults = commands.map((command) => faultOf(command, runners[command]));
  return (await Promise.all(faults)).filter((fault) => fault !== undefined);
}

const firstLine = (block: string): string => block.split("\n")[0] ?? "";

Deno.test("each command that README.md and QUICKSTART.md show is run by a test, as it is written", async () => {
  for (const page of PAGES) {
    ok((await shownLines(page)).length > 2, page);
    deepStrictEqual(await faultOf(page, LINES[page]), undefined);
    const blocks = (await shownBlocks(page)).map(firstLine);
    deepStrictEqual(await faultsOf(blocks, BLOCKS), [], page);
  }
});

Deno.test("each command that README.md and QUICKSTART.md name in a sentence is one that a test runs", async () => {
  for (const page of PAGES) {
    const named = await namedCommands(page);
    const run = named.filter((command) => NOT_RUN[command] === undefined);
    deepStrictEqual(await faultsOf(run, NAMED), [], page);
  }
});

Deno.test("nobody is said to run what the pages do not show", async () => {
  const blocks = (await Promise.all(PAGES.map(shownBlocks))).flat();
  const named = (await Promise.all(PAGES.map(namedCommands))).flat();
  deepStrictEqual(
    [
      Object.keys(BLOCKS).filter((line) =>
        !blocks.map(firstLine).includes(line)
      ),
      [...Object.keys(NAMED), ...Object.keys(NOT_RUN)]
        .filter((command) => !named.includes(command)),
    ],
    [[], []],
  );
});

Deno.test("commands are told from what they say, from configuration and from prose", () => {
  const page = [
    "Type `sh a b`, or `fail2ban-node`, or set `sh = a`.",
    "",
    "```\nhub#  one two\nsays this\n\nweb1# three\n```",
    "```sh\nfour five\nsix\n```",
    "```ini\n[monitor]\nbantime = 1h\n```",
    "",
  ].join("\n");
  deepStrictEqual(linesIn(page), [
    { host: "hub", line: "one two", says: ["says this"] },
    { host: "web1", line: "three", says: [] },
  ]);
  deepStrictEqual(blocksIn(page), ["four five\nsix\n"]);
  deepStrictEqual(namedIn(page), ["sh a b", "sh = a"]);
});

Deno.test("a command that nobody runs, or that its runner has not, is found", async () => {
  const runners = { one: { file: ".ci/run", has: "no such part" } };
  deepStrictEqual(await faultsOf(["one", "two"], runners), [
    "one: .ci/run has no no such part",
    "two: nobody runs it",
  ]);
});
