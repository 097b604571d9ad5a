/**
 * The state of each of several publishers, as it reports it beside their log: a
 * standby has no open port that could be asked.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { RuntimeError } from "../base/errors.ts";
import type { HostName } from "../base/host_name.ts";
import { parseHostName } from "../base/host_name.ts";
import { lineForm } from "../base/json_form.ts";
import {
  integer,
  oneOf,
  record,
  type Shape,
  text,
} from "../base/json_shape.ts";
import type { LeadState } from "./lead_state.ts";
import type { SharedValue, SharedValues } from "./shared_values.ts";

/** The state of a publisher. */
export interface PublisherState {
  readonly role: LeadState["role"];
  /** The term that it knows. */
  readonly term: number;
  /** Number of the log's records that its copy lacks. */
  readonly behind: number;
  /** Digest of the settings that affect its decisions. */
  readonly settings: string;
}

/** A reported state. */
export interface ToldState extends PublisherState {
  /** Changes with each report. */
  readonly version: number;
}

/** Interval between a publisher's reports of its state, in milliseconds. */
export const TELL_MS = 1_000;
const BEGINNING = "publishers/";
const shape: Shape<PublisherState> = record<PublisherState>({
  role: oneOf("role", ["standby", "taking", "active"]),
  term: integer("term", 0),
  behind: integer("behind", 0),
  settings: text("settings", (digest: string) => digest),
});
const FORM = lineForm("how a publisher is", shape);

/** Options for {@link tellState}. */
export interface StateTellerOptions {
  readonly values: Pick<SharedValues, "put">;
  readonly clock: Pick<Clock, "delay">;
  readonly name: HostName;
  readonly state: () => PublisherState;
}

/**
 * Reports this publisher's state at intervals.
 *
 * @param signal Ends it; the promise then rejects with its reason.
 */
export async function tellState(
  { values, clock, name, state }: StateTellerOptions,
  signal: AbortSignal,
): Promise<void> {
  while (true) {
    const { role, term, behind, settings } = state();
    const told = FORM.encode({ role, term, behind, settings });
    try {
      const bytes = new TextEncoder().encode(told);
      await values.put(`${BEGINNING}${name}`, bytes, signal);
    } catch (error) {
      // A silent engine is logged elsewhere.
      if (!(error instanceof RuntimeError)) throw error;
    }
    await clock.delay(TELL_MS, signal);
  }
}

/** The reported state of each publisher. */
export async function toldStates(
  values: Pick<SharedValues, "all">,
  signal: AbortSignal,
): Promise<ReadonlyMap<HostName, ToldState>> {
  const states = new Map<HostName, ToldState>();
  for (const [key, value] of await values.all(BEGINNING, signal)) {
    const name = parseHostName(key);
    const state = stateOf(value);
    if (name === undefined || state === undefined) continue;
    states.set(name, { ...state, version: value.version });
  }
  return states;
}

/** Deletes a publisher's state. */
export async function forgetState(
  values: Pick<SharedValues, "remove">,
  name: HostName,
  signal: AbortSignal,
): Promise<void> {
  await values.remove(`${BEGINNING}${name}`, signal);
}

/** The state; `undefined` for another version's form, which can't be shown. */
function stateOf({ bytes }: SharedValue): PublisherState | undefined {
  try {
    return FORM.decode(new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof RuntimeError) return undefined;
    throw error;
  }
}
