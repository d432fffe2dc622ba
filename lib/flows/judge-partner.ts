import { judgeAgain, partnerBreaker } from "../engine/breaker.ts";
import { changed } from "../engine/control.ts";
import type { Control } from "../engine/control.ts";
import { changeControl } from "./change-control.ts";
import { sayOpened } from "./guard-call.ts";
import type { GuardPorts } from "./guard-call.ts";

/**
 * A connection that is held by its own breaker tells nothing any more. Whether it was its partner shows when the others
 * had the time to tell how they fare: if nobody did, it is held for all, and its lanes with it.
 */
export async function judgePartner(ports: GuardPorts, control: Control): Promise<Control> {
  if (!control.connectionsHeld) return control;
  const jitter = ports.random.unit();
  const judge = (current: Control): Control => {
    const breaker = judgeAgain(current.breaker, ports.clock.nowMs(), partnerBreaker, jitter);
    return breaker === current.breaker ? current : changed(current, { breaker });
  };
  if (judge(control) === control) return control;
  const judged = await changeControl(ports, control, judge);
  if (judged?.stored === true) sayOpened(ports, judged.control);
  return judged?.control ?? control;
}
