import * as z from "zod";

/** A synthesised CloudFormation template. Sections that are not listed are an error, because nothing here would read them. */
export const cfnResource = z.strictObject({
  Type: z.string(),
  Properties: z.record(z.string(), z.unknown()).default({}),
  DependsOn: z.union([z.string(), z.array(z.string())]).optional(),
  Condition: z.string().optional(),
  Metadata: z.record(z.string(), z.unknown()).optional(),
  // What happens to a resource when its stack goes or changes: a local one stays until the data folder is deleted.
  DeletionPolicy: z.string().optional(),
  UpdateReplacePolicy: z.string().optional(),
});
export type CfnResource = z.infer<typeof cfnResource>;

const cfnParameter = z.object({ Type: z.string(), Default: z.unknown().optional() });
const cfnOutput = z.object({
  Value: z.unknown(),
  Condition: z.string().optional(),
  Export: z.object({ Name: z.unknown() }).optional(),
});

export const cfnTemplate = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: z.unknown().optional(),
  Parameters: z.record(z.string(), cfnParameter).default({}),
  Mappings: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()))).default({}),
  Conditions: z.record(z.string(), z.unknown()).default({}),
  // CDK's check of the bootstrap stack, which a laptop has not.
  Rules: z.unknown().optional(),
  Resources: z.record(z.string(), cfnResource).default({}),
  Outputs: z.record(z.string(), cfnOutput).default({}),
});
export type CfnTemplate = z.infer<typeof cfnTemplate>;
