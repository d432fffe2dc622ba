import { describeAttempts } from "./port-suite/attempts.ts";
import { describeControlStore } from "./port-suite/control.ts";
import { describeConnectionStore } from "./port-suite/connections.ts";
import { describeEraser } from "./port-suite/erasing.ts";
import { describeFailureStore } from "./port-suite/failures.ts";
import { describeHistoryStore } from "./port-suite/history.ts";
import type { OpenPorts } from "./port-suite/opened.ts";
import { describeParkedJobs } from "./port-suite/parked.ts";
import { describeRecordStore } from "./port-suite/records.ts";
import { describeRunStore } from "./port-suite/runs.ts";
import { describeSecrets } from "./port-suite/secrets.ts";

/** What every implementation of the stores must do alike; flows are tested on one and run on the other. */
export function describePorts(open: OpenPorts): void {
  describeRunStore(open);
  describeRecordStore(open);
  describeHistoryStore(open);
  describeConnectionStore(open);
  describeSecrets(open);
  describeAttempts(open);
  describeFailureStore(open);
  describeEraser(open);
  describeControlStore(open);
  describeParkedJobs(open);
}
