/**
 * Records the log, database and answers of a fail2ban version in one scenario,
 * so that tests cover versions that are not installed.
 *
 * ```
 * deno run -A tests/support/fail2ban/recorded_version.ts FILE [FOLDER]
 * ```
 *
 * records the installed fail2ban, or that of a Debian package that was unpacked
 * into FOLDER, in FILE. (0.11 needs Python 3.9 or older: for it, the Python of
 * the same Debian release was unpacked into FOLDER, too, and starters for it
 * replaced the two programs.)
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { END_MARKER, pickleWords } from "../../../lib/fail2ban/pickle.ts";
import { TempDir } from "../host/temp_dir.ts";
import { waitUntil } from "../host/wait_until.ts";
import { Fail2banServer, writeFail2banConfig } from "./fail2ban_server.ts";
import { QUESTIONS, type RecordedVersion } from "./recorded_version_form.ts";

/** The failure message in the log of a jail. */
const FAILURE = "failure from";
const EXPIRES_S = 3;

/**
 * Runs the scenario: bans by hand and by failures, one with a user's name, an
 * increased ban time, ends, a failed action, a restarted jail, a reload, a
 * restart.
 *
 * @param root Root of the unpacked package; by default the host's.
 */
export async function recordVersion(root = ""): Promise<RecordedVersion> {
  await using dir = await TempDir.create();
  const path = dir.path();
  const appLog = dir.path("app.log");
  await Deno.writeTextFile(appLog, "");
  await writeFail2banConfig({
    dir: path,
    jails: {
      sshd: { bantime: "1h", ignoreip: "127.0.0.0/8 ::1 198.51.100.99" },
      forever: { bantime: -1 },
      broken: { action: "broken" },
      app: {
        ...{ filter: "app", logpath: appLog, maxretry: 1, bantime: EXPIRES_S },
        "bantime.increment": "true",
      },
    },
  });
  await Deno.writeTextFile(
    `${path}/etc/filter.d/app.conf`,
    `[Definition]\nfailregex = ${FAILURE} <ADDR>$\n`,
  );
  await Deno.writeTextFile(
    `${path}/etc/action.d/broken.conf`,
    "[Definition]\nactionban = false\nactionunban = false\n",
  );
  await using server = new Fail2banServer(path, { root });
  await server.start();
  const answers = await playScenario(server, appLog);
  await server.stop();
  return {
    version: readWord(answers["version"] ?? ""),
    log: (await Deno.readTextFile(server.logPath)).replaceAll(path, "/f2b")
      .split("\n").slice(0, -1),
    answers: withPath(answers, path),
    database: readDatabase(server.databasePath),
    atMs: Date.now(),
  };
}

async function playScenario(
  server: Fail2banServer,
  appLog: string,
): Promise<Record<string, string>> {
  const set = (...words: string[]) => server.client("set", ...words);
  const fail = async () => {
    const stamp = new Date().toISOString().slice(0, 19);
    const line = `${stamp} ${FAILURE} 192.0.2.5\n`;
    await Deno.writeTextFile(appLog, line, { append: true });
  };
  await fail();
  await server.waitForMessage("[app] Ban 192.0.2.5");
  for (const target of ["192.0.2.1", "2001:db8::9", "192.0.2.0/28", "alice"]) {
    await set("sshd", "banip", target);
  }
  await set("sshd", "unbanip", "192.0.2.1");
  await set("forever", "banip", "192.0.2.2");
  await set("broken", "banip", "192.0.2.3");
  await server.waitForMessage("[app] Unban 192.0.2.5");
  await fail();
  await server.waitForMessage("[app] Ban 192.0.2.5", 2);
  await waitUntil(
    async () =>
      (await server.messages()).some((text) => text.includes("Increase Ban")),
    { what: "an increase", timeoutMs: 20_000 },
  );
  await server.client("restart", "forever");
  await server.waitForMessage("[forever] Restore Ban 192.0.2.2");
  await server.client("reload");
  const answers: Record<string, string> = {};
  for (const question of QUESTIONS) {
    answers[question] = await askRaw(server.socketPath, question);
  }
  await server.stop();
  await server.start();
  for (const target of ["2001:db8::9", "192.0.2.0/28", "198.51.100.8"]) {
    await server.waitForMessage(`[sshd] Restore Ban ${target}`);
  }
  return answers;
}

async function askRaw(path: string, question: string): Promise<string> {
  using socket = await Deno.connect({ transport: "unix", path });
  const marker = new TextEncoder().encode(END_MARKER);
  await socket.write(
    Uint8Array.of(...pickleWords(question.split(" ")), ...marker),
  );
  let received = new Uint8Array();
  const part = new Uint8Array(65_536);
  const hasEnded = () =>
    marker.every((byte, at) => received.at(at - marker.length) === byte);
  while (!hasEnded()) {
    const count = await socket.read(part);
    if (count === null) break;
    received = Uint8Array.of(...received, ...part.subarray(0, count));
  }
  return received.subarray(0, -marker.length).toHex();
}

/** The text in a pickle of one short text. */
function readWord(hex: string): string {
  return /\d+\.\d+\.\d+/.exec(
    new TextDecoder("latin1").decode(Uint8Array.fromHex(hex)),
  )?.[0] ?? "";
}

/**
 * Replaces the folder's name by one of equal length, because pickles contain
 * lengths.
 */
function withPath(
  answers: Readonly<Record<string, string>>,
  path: string,
): Record<string, string> {
  const hexOf = (text: string) => new TextEncoder().encode(text).toHex();
  const other = `/f2b${"_".repeat(path.length - 4)}`;
  return Object.fromEntries(
    Object.entries(answers).map(([question, hex]) => [
      question,
      hex.replaceAll(hexOf(path), hexOf(other)),
    ]),
  );
}

function readDatabase(path: string): RecordedVersion["database"] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const made = database.prepare(
      "SELECT sql FROM sqlite_master WHERE name = 'bips'",
    ).get();
    const rows = database.prepare("SELECT * FROM bips ORDER BY jail, ip").all();
    return {
      schema: String(made?.["sql"]),
      rows: rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [
            name,
            value instanceof Uint8Array
              ? { blob: new TextDecoder().decode(value) }
              : typeof value === "number"
              ? value
              : String(value),
          ]),
        )
      ),
    };
  } finally {
    database.close();
  }
}

if (import.meta.main) {
  const [file = "", root] = Deno.args;
  const recorded = await recordVersion(root);
  await Deno.writeTextFile(file, `${JSON.stringify(recorded, null, 2)}\n`);
}
