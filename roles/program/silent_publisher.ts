import type { GeneralConfig } from "../../lib/config/config.ts";
import { lookAtPublisher } from "../../lib/client/io/publisher_probe.ts";
import {
  explainSilence,
  type Explanation,
  type SilenceStage,
} from "../../lib/client/silence.ts";
import type { NodeMembership } from "./node_membership.ts";

/**
 * Finds out why a publisher does not answer.
 *
 * @param membership This host's membership.
 * @param general This node's configuration.
 */
export function silenceExplainer(
  membership: NodeMembership,
  { hostName: node }: GeneralConfig,
): (stage: SilenceStage) => Promise<Explanation> {
  return async (stage) => {
    const { addresses: { current: { controlUrl: url } }, expectedUrl } =
      membership;
    return explainSilence({
      ...{ cause: await lookAtPublisher(url), stage, url, node },
      joinedUrl: expectedUrl,
    });
  };
}
