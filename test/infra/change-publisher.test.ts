import { describe, expect, test } from "vitest";
import { ofType, templateOf } from "./support/resources.ts";
import { synth } from "./support/synth.ts";

const state = templateOf(synth({ stage: "dev", partners: [] }), "Sluice-dev-State");

describe("the records' stream", () => {
  test("is read from its oldest record, poison cut out by halves and put aside", () => {
    const mappings = ofType(state, "AWS::Lambda::EventSourceMapping").map(([, mapping]) => mapping.Properties);
    expect(mappings).toHaveLength(1);
    expect(mappings[0]).toMatchObject({
      StartingPosition: "TRIM_HORIZON",
      BisectBatchOnFunctionError: true,
      MaximumRetryAttempts: 10,
      FunctionResponseTypes: ["ReportBatchItemFailures"],
    });
    expect(JSON.stringify(mappings[0])).toContain("DeadLetters");
    expect(JSON.stringify(mappings[0])).toContain("StreamArn");
  });

  test("puts aside for fourteen days", () => {
    const queues = ofType(state, "AWS::SQS::Queue").map(([, queue]) => queue.Properties);
    expect(queues).toEqual([
      expect.objectContaining({ QueueName: "sluice-dev-changes-dlq", MessageRetentionPeriod: 1_209_600 }),
    ]);
  });
});
