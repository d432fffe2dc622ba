import { describe, expect, test } from "vitest";
import { ofType, templateOf } from "./support/resources.ts";
import { synth } from "./support/synth.ts";

const state = templateOf(synth({ stage: "dev", partners: [] }), "Sluice-dev-State");

describe("the streams of what applications are told", () => {
  test("are read from their oldest record, poison cut out by halves and put aside", () => {
    const mappings = ofType(state, "AWS::Lambda::EventSourceMapping").map(([, mapping]) => mapping.Properties);
    expect(mappings).toHaveLength(3);
    for (const mapping of mappings) {
      expect(mapping).toMatchObject({
        StartingPosition: "TRIM_HORIZON",
        BisectBatchOnFunctionError: true,
        MaximumRetryAttempts: 10,
        FunctionResponseTypes: ["ReportBatchItemFailures"],
      });
      expect(JSON.stringify(mapping)).toContain("DeadLetters");
    }
    const sources = mappings.map((mapping) => JSON.stringify(mapping["EventSourceArn"]));
    for (const table of ["records", "connections", "failures"])
      expect(sources.filter((source) => source.includes(`Table${table}`) && source.includes("StreamArn"))).toHaveLength(
        1,
      );
  });

  test("end on the stage's own bus, which nothing else may write to with this role", () => {
    const statements = ofType(state, "AWS::IAM::Role").map(([, role]) => JSON.stringify(role.Properties));
    const grants = statements.filter((statement) => statement.includes("events:PutEvents"));
    expect(grants).toHaveLength(1);
    expect(grants[0]).toContain(":event-bus/sluice-dev-events");
  });

  test("puts aside for fourteen days", () => {
    const queues = ofType(state, "AWS::SQS::Queue").map(([, queue]) => queue.Properties);
    expect(queues).toEqual([
      expect.objectContaining({ QueueName: "sluice-dev-changes-dlq", MessageRetentionPeriod: 1_209_600 }),
    ]);
  });
});
