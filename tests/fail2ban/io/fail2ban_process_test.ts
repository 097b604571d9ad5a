import { deepStrictEqual, ok, rejects } from "node:assert/strict";
import { RuntimeError } from "../../../lib/base/errors.ts";
import { Fail2banProcess } from "../../../lib/fail2ban/io/fail2ban_process.ts";
import type { Fail2banReply } from "../../../lib/fail2ban/ports.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { untilSettled } from "../../support/host/wait_until.ts";

const SIGNAL = new AbortController().signal;
const SERVER = "2026-11-22 14:04:42,890 fail2ban                [262]: ERROR  ";

/** What a client wrote and ended with, and what that says. */
const OUTPUTS: Readonly<
  Record<
    string,
    {
      readonly stdout: string;
      readonly stderr?: string;
      readonly code: number;
      readonly reply: Fail2banReply;
    }
  >
> = {
  "done": {
    stdout: "a\nb",
    code: 0,
    reply: { kind: "done", value: "a\nb" },
  },
  "done, with a warning": {
    stdout: "2",
    stderr: "WARNING something is deprecated",
    code: 0,
    reply: { kind: "done", value: "2" },
  },
  "no such jail": {
    stdout: "Sorry but the jail 'x' does not exist",
    stderr: `${SERVER} NOK: ('x',)`,
    code: 255,
    reply: { kind: "no_jail" },
  },
  "no such jail, by an old client": {
    stdout: "ERROR  NOK: ('x',)\nSorry but the jail 'x' does not exist",
    code: 255,
    reply: { kind: "no_jail" },
  },
  "refused": {
    stdout: "Invalid command",
    stderr: `${SERVER} NOK: ('Invalid command',)`,
    code: 255,
    reply: { kind: "refused", reason: "Invalid command" },
  },
  "refused, by an old client": {
    stdout: "ERROR  NOK: ('IP ::2 is not banned',)\nIP ::2 is not banned",
    code: 255,
    reply: { kind: "refused", reason: "IP ::2 is not banned" },
  },
};

/** A program that writes this and ends so; it leaves its arguments in `args`. */
async function program(
  dir: TempDir,
  { stdout, stderr = "", code }: {
    readonly stdout: string;
    readonly stderr?: string;
    readonly code: number;
  },
): Promise<string> {
  await dir.write("stdout", `${stdout}\n`);
  await dir.write("stderr", stderr === "" ? "" : `${stderr}\n`);
  return await dir.write(
    "fail2ban-client",
    `#!/bin/sh\ncd '${dir.path()}'\nprintf '%s\\n' "$@" > args\n` +
      `cat stdout\ncat stderr >&2\nexit ${code}\n`,
    0o700,
  );
}

for (const [what, output] of Object.entries(OUTPUTS)) {
  Deno.test(`what fail2ban-client says is understood: ${what}`, async () => {
    await using dir = await TempDir.create();
    await using client = new Fail2banProcess({
      program: await program(dir, output),
      socketPath: "/s",
    });
    deepStrictEqual(
      await client.command(["set", "a", "unbanip", "::2"], SIGNAL),
      output.reply,
    );
    const args = await Deno.readTextFile(dir.path("args"));
    deepStrictEqual(args, "-s\n/s\nset\na\nunbanip\n::2\n");
  });
}

/** What a client wrote that could not ask. */
const TROUBLES: Readonly<Record<string, readonly [string, string]>> = {
  "Failed to access socket path: /s. Is fail2ban running?": [
    "",
    `${SERVER} Failed to access socket path: /s. Is fail2ban running?`,
  ],
  "Unable to contact server. Is it running?": [
    "ERROR  Unable to contact server. Is it running?",
    "",
  ],
  "it failed": ["", ""],
};

for (const [said, [stdout, stderr]] of Object.entries(TROUBLES)) {
  Deno.test(`a fail2ban-client that can't ask is an error to mend: ${said}`, async () => {
    await using dir = await TempDir.create();
    await using client = new Fail2banProcess({
      program: await program(dir, { stdout, stderr, code: 255 }),
      socketPath: "/s",
    });
    await failsWith(client, `fail2ban-client: ${said}`);
  });
}

Deno.test("a fail2ban-client that is missing is an error to mend", async () => {
  await using dir = await TempDir.create();
  const missing = dir.path("nothing");
  await using client = new Fail2banProcess({
    program: missing,
    socketPath: "/s",
  });
  await failsWith(client, `cannot run ${missing}: `);
});

Deno.test("a fail2ban-client that hangs is ended", async () => {
  await using dir = await TempDir.create();
  await using client = new Fail2banProcess({
    program: await sleeper(dir),
    socketPath: "/s",
    timeoutMs: 100,
  });
  const failing = failsWith(
    client,
    `${dir.path("sleep")} does not end within 0.1 s`,
  );
  await untilSettled(failing, { what: "its end" });
});

Deno.test("a stop ends fail2ban-client, with its reason", async () => {
  await using dir = await TempDir.create();
  await using client = new Fail2banProcess({
    program: await sleeper(dir),
    socketPath: "/s",
  });
  const stop = new AbortController();
  const asking = client.command(["ping"], stop.signal);
  stop.abort(new Error("stopped"));
  await untilSettled(rejects(asking, /stopped/), { what: "its end" });
});

/** A program that ends of itself only when every wait here is over. */
async function sleeper(dir: TempDir): Promise<string> {
  return await dir.write("sleep", "#!/bin/sh\nexec sleep 600\n", 0o700);
}

async function failsWith(
  client: Fail2banProcess,
  message: string,
): Promise<void> {
  await rejects(client.command(["ping"], SIGNAL), (error) => {
    ok(error instanceof RuntimeError);
    ok(error.message.startsWith(message), error.message);
    ok(error.hint !== undefined);
    return true;
  });
}
