import type { Role } from "../../lib/config/config.ts";
import {
  findStateFolder,
  hasServiceManager,
} from "../../lib/service/io/state_folder.ts";
import {
  refusedState,
  type WritingVerb,
} from "../../lib/service/state_owner.ts";
import type { Invocation } from "./invocation.ts";

/**
 * Lets a program pass that may write into its folder for state, and any that
 * writes nothing.
 *
 * @throws {RuntimeError} when root would write into what is a service's.
 */
export async function guardState<R extends Role>(
  { program, options, loaded: { config } }: Invocation<R>,
  verb: WritingVerb,
): Promise<void> {
  const uid = Deno.uid();
  if (uid !== 0 || options.dryRun) return;
  const refused = refusedState(await findStateFolder(config.general.stateDir), {
    program: program.name,
    verb,
    uid,
    hasServices: await hasServiceManager(),
  });
  if (refused !== undefined) throw refused;
}
