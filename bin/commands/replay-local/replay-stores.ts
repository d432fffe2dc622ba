import type {
  Connection,
  ConnectionStore,
  Page,
  RecordStore,
  ResourceState,
  RunStore,
} from "../../../lib/engine/ports.ts";
import type { RecordCandidate, RecordScope, WriteOutcome } from "../../../lib/engine/record.ts";
import type { Run } from "../../../lib/engine/run.ts";

const charsMax = 500;
const noPage: Page<never> = { items: [], next: null, previous: null, total: 0 };

/** The one connection of a replay, and how its resources stand. */
export class ReplayConnections implements ConnectionStore {
  readonly #connection: Connection | null;
  readonly #states = new Map<string, ResourceState>();

  constructor(connection: Connection | null) {
    this.#connection = connection;
  }

  create = async (): Promise<"exists"> => "exists";
  read = async (): Promise<Connection | null> => this.#connection;
  isGone = async (): Promise<boolean> => false;
  findByAccount = async (): Promise<Connection | null> => this.#connection;
  compareAndSet = async (): Promise<"stored"> => "stored";
  remove = async (): Promise<void> => undefined;
  list = async (): Promise<Page<Connection>> => noPage;
  due = async (): Promise<readonly ResourceState[]> => [];
  dueLooks = async (): Promise<readonly Connection[]> => [];
  readNote = async (): Promise<null> => null;
  writeNote = async (): Promise<"stored"> => "stored";
  listResources = async (): Promise<readonly ResourceState[]> => [...this.#states.values()];

  async readResource(_partner: string, _connectionId: string, resource: string): Promise<ResourceState | null> {
    return this.#states.get(resource) ?? null;
  }

  async createResource(state: ResourceState): Promise<"created"> {
    this.#states.set(state.resource, state);
    return "created";
  }

  async compareAndSetResource(next: ResourceState): Promise<"stored"> {
    this.#states.set(next.resource, next);
    return "stored";
  }
}

/** The one run of a replay. */
export class ReplayRuns implements RunStore {
  #run: Run | null = null;

  read = async (): Promise<Run | null> => this.#run;
  standingStill = async (): Promise<readonly Run[]> => [];
  noteSeen = async (): Promise<void> => {};
  readSeen = async (): Promise<{ bits: readonly Uint32Array[]; next: null }> => ({ bits: [], next: null });
  list = async (): Promise<Page<Run>> => noPage;

  async create(run: Run): Promise<"created"> {
    this.#run = run;
    return "created";
  }

  async compareAndSet(next: Run): Promise<"stored"> {
    this.#run = next;
    return "stored";
  }
}

/** Records that are written nowhere: each is said, and counts as new. */
export class ReplayRecords implements RecordStore {
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  read = async (): Promise<null> => null;
  marks = async (): Promise<ReadonlyMap<string, never>> => new Map<string, never>();
  digests = async (): Promise<{ marks: readonly never[]; next: null }> => ({ marks: [], next: null });
  list = async (): Promise<Page<never>> => noPage;
  find = async (): Promise<Page<never>> => noPage;

  async write(scope: RecordScope, candidate: RecordCandidate): Promise<WriteOutcome> {
    const text = candidate.deleted ? "gone" : `${candidate.model} ${JSON.stringify(candidate.data)}`;
    this.#say(`${scope.resource}/${candidate.externalId}: ${text.slice(0, charsMax)}`);
    return candidate.deleted ? "deleted" : "created";
  }
}
