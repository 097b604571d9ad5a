import { runInstead } from "../../lib/service/io/other_user.ts";
import {
  findStateFolder,
  hasServiceManager,
} from "../../lib/service/io/state_folder.ts";
import {
  asOwner,
  rootsWay,
  type WritingVerb,
} from "../../lib/service/state_owner.ts";
import { type AskedProgram, commandArgs } from "./invocation.ts";
import { note } from "./said.ts";

/**
 * Carries out a verb that writes to the state folder. If the folder belongs to
 * a service, root acts as the service's user.
 *
 * @param asked The program and its options.
 * @param stateDir The folder.
 * @param work Carries out the verb.
 * @returns The exit code.
 * @throws {RuntimeError} when only the service may do it.
 */
export async function guardState(
  asked: AskedProgram,
  stateDir: string,
  verb: WritingVerb,
  work: () => Promise<number>,
): Promise<number> {
  const { program, options } = asked;
  const uid = Deno.uid();
  if (uid !== 0 || options.dryRun) return await work();
  const way = rootsWay(await findStateFolder(stateDir), {
    program: program.name,
    verb,
    uid,
    hasServices: await hasServiceManager(),
  });
  switch (way.kind) {
    case "root":
      return await work();
    case "refused":
      throw way.error;
    case "owner": {
      note(program, [`acting as ${way.folder.owner}, whose the state is`]);
      const command = [Deno.execPath(), ...commandArgs(asked, verb)];
      return await runInstead(asOwner(way.folder, program.name, command));
    }
  }
}
