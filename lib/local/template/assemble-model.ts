import type { RuleModel, StackModel } from "../types.ts";
import { assembleApis, checkPermission } from "./assemble-apis.ts";
import { assembleRoles, checkTrust } from "./assemble-roles.ts";
import type { ModelDraft } from "./model-draft.ts";

/** Puts the pieces of all stacks together, and checks what only shows when they are. */
export function assembleModel(
  draft: ModelDraft,
  account: string,
  region: string,
  outputs: StackModel["outputs"],
): StackModel {
  checkTrust(draft);
  checkReferences(draft);
  for (const rule of draft.rules) checkRule(draft, rule);
  const keyArn = (id: string): string => keyArnOf(draft, id);
  return {
    account,
    region,
    functions: draft.functions.map((item) => {
      const own = draft.asyncInvokes.find(({ functionName }) => functionName === item.name)?.settings;
      if (own === undefined) return item;
      const failureQueueArn = own.failureQueueArn ?? item.asyncInvoke?.failureQueueArn ?? null;
      return { ...item, asyncInvoke: { ...own, failureQueueArn } };
    }),
    mappings: draft.mappings,
    schedules: draft.schedules,
    apis: assembleApis(draft, account, region),
    queues: draft.queues.map((queue) => {
      const { KmsMasterKeyId: keyId, ...attributes } = queue.attributes;
      return keyId === undefined ? queue : { ...queue, attributes: { ...attributes, KmsMasterKeyId: keyArn(keyId) } };
    }),
    tables: draft.tables.map((table) => {
      const encryption = table.createInput["SSESpecification"];
      if (typeof encryption !== "object" || encryption === null || !("KMSMasterKeyId" in encryption)) return table;
      const specification = { ...encryption, KMSMasterKeyId: keyArn(String(encryption.KMSMasterKeyId)) };
      return { ...table, createInput: { ...table.createInput, SSESpecification: specification } };
    }),
    buckets: draft.buckets.map(({ kmsKeyId, ...bucket }) =>
      kmsKeyId === undefined ? bucket : { ...bucket, kmsKeyId: keyArn(kmsKeyId) },
    ),
    secrets: draft.secrets.map((secret) =>
      secret.kmsKeyId === null ? secret : { ...secret, kmsKeyId: keyArn(secret.kmsKeyId) },
    ),
    keys: draft.keys.map((key) => {
      const targets = [key.id, key.arn];
      return {
        ...key,
        aliases: draft.aliases.filter(({ target }) => targets.includes(target)).map(({ name }) => name),
      };
    }),
    buses: draft.buses,
    roles: assembleRoles(draft),
    rules: draft.rules,
    topics: draft.topics,
    resourcePolicies: draft.resourcePolicies,
    outputs,
  };
}

/** AWS's own keys (`alias/aws/…`) and keys of another place keep the name they are given. */
function keyArnOf(draft: ModelDraft, idOrAlias: string): string {
  const id = idOrAlias.includes(":alias/") ? idOrAlias.slice(idOrAlias.indexOf(":alias/") + 1) : idOrAlias;
  const target = draft.aliases.find(({ name }) => name === id)?.target ?? idOrAlias;
  return draft.keys.find((key) => key.id === target || key.arn === target)?.arn ?? idOrAlias;
}

/** What a deployment would find missing. */
function checkReferences(draft: ModelDraft): void {
  const functionNames = new Set(draft.functions.map(({ name }) => name));
  const queueNames = new Set(draft.queues.map(({ name }) => name));
  for (const mapping of draft.mappings) {
    const who = `Event source mapping ${mapping.id} of ${mapping.functionName}`;
    if (!functionNames.has(mapping.functionName)) throw new Error(`${who}: no template defines the function`);
    const { source } = mapping;
    if (source.kind === "queue" && !queueNames.has(source.queueName)) {
      throw new Error(`${who}: no template defines the queue ${source.queueName}`);
    }
    if (
      source.kind === "stream" &&
      !draft.tables.some(({ name, streamArn }) => name === source.tableName && streamArn)
    ) {
      throw new Error(`${who}: no template defines the table ${source.tableName} with a stream`);
    }
  }
  for (const schedule of draft.schedules) {
    const isFunction = draft.functions.some(({ arn }) => arn === schedule.targetArn);
    const isQueue = draft.queues.some(({ arn }) => arn === schedule.targetArn);
    if (!isFunction && !isQueue) {
      throw new Error(
        `Schedule ${schedule.name}: its target ${schedule.targetArn} is no function or queue of the templates`,
      );
    }
  }
}

function checkRule(draft: ModelDraft, rule: RuleModel): void {
  if (rule.busName !== "default" && !draft.buses.some(({ name }) => name === rule.busName)) {
    throw new Error(`Rule ${rule.name}: no template defines the bus ${rule.busName}`);
  }
  for (const { arn } of rule.targets) {
    if (draft.queues.some((queue) => queue.arn === arn)) continue;
    if (!arn.includes(":function:")) {
      throw new Error(`Rule ${rule.name}: its target ${arn} is no function or queue of the templates`);
    }
    const [, , , region = "", account = ""] = arn.split(":");
    const path = rule.busName === "default" ? rule.name : `${rule.busName}/${rule.name}`;
    const sourceArn = `arn:aws:events:${region}:${account}:rule/${path}`;
    checkPermission(draft, `Rule ${rule.name}`, arn, "events.amazonaws.com", sourceArn);
  }
}
