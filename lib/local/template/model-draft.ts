import type {
  AsyncInvokeModel,
  FunctionModel,
  MappingModel,
  PolicyStatement,
  QueueModel,
  ResourcePolicyModel,
  RuleModel,
  ScheduleModel,
  SecretModel,
  TableModel,
} from "../types.ts";

/** What the templates' resources add up to before their pieces are put together. */
export interface ModelDraft {
  readonly functions: FunctionModel[];
  readonly asyncInvokes: { readonly functionName: string; readonly settings: AsyncInvokeModel }[];
  readonly permissions: PermissionDraft[];
  readonly mappings: MappingModel[];
  readonly schedules: ScheduleModel[];
  readonly queues: QueueModel[];
  readonly tables: TableModel[];
  readonly buckets: { name: string; arn: string; kmsKeyId?: string }[];
  readonly secrets: SecretModel[];
  readonly keys: { id: string; arn: string }[];
  readonly aliases: { name: string; target: string }[];
  readonly buses: { name: string; arn: string }[];
  readonly rules: RuleModel[];
  readonly topics: { name: string; arn: string }[];
  readonly roles: RoleDraft[];
  readonly policies: { readonly roleNames: readonly string[]; readonly statements: readonly PolicyStatement[] }[];
  readonly managedPolicies: ManagedPolicyDraft[];
  readonly resourcePolicies: ResourcePolicyModel[];
  readonly apis: { readonly id: string; readonly name: string }[];
  readonly stages: StageDraft[];
  readonly integrations: { readonly apiId: string; readonly id: string; readonly functionArn: string }[];
  readonly routes: { readonly apiId: string; readonly routeKey: string; readonly integrationId: string }[];
}

export interface PermissionDraft {
  readonly functionName: string;
  readonly principal: string;
  readonly sourceArn: string | null;
}

export interface RoleDraft {
  readonly name: string;
  readonly arn: string;
  /** Services that may take the role: `lambda.amazonaws.com`. */
  readonly trusted: readonly string[];
  readonly statements: readonly PolicyStatement[];
  readonly managedPolicyArns: readonly string[];
  readonly boundaryArn: string | null;
}

export interface ManagedPolicyDraft {
  readonly arn: string;
  readonly roleNames: readonly string[];
  readonly statements: readonly PolicyStatement[];
}

export interface Throttle {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface StageDraft {
  readonly apiId: string;
  readonly defaultThrottle: Throttle | null;
  readonly routeThrottles: Readonly<Record<string, Throttle>>;
}

export function emptyDraft(): ModelDraft {
  return {
    functions: [],
    asyncInvokes: [],
    permissions: [],
    mappings: [],
    schedules: [],
    queues: [],
    tables: [],
    buckets: [],
    secrets: [],
    keys: [],
    aliases: [],
    buses: [],
    rules: [],
    topics: [],
    roles: [],
    policies: [],
    managedPolicies: [],
    resourcePolicies: [],
    apis: [],
    stages: [],
    integrations: [],
    routes: [],
  };
}
