/** A line in CloudWatch's embedded format for each set of dimensions at an invocation's end, with what CloudWatch adds to a line. */
export const metricLineGb = 275e-9;
/** The one of a webhook that is taken. */
export const webhookLineGb = 264e-9;
/** What a function says of a run that is done. */
export const runLineGb = 600e-9;
/** API Gateway's line of a call; its fields are in lib/constructs/http-api.ts. */
export const accessLineGb = 180e-9;
