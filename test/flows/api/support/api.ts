import * as z from "zod";
import { isApiKey } from "../../../../lib/engine/api-key.ts";
import type { Role } from "../../../../lib/engine/api-key.ts";
import type { PartnerDriver } from "../../../../lib/engine/define-partner.ts";
import type { PartnerSecret } from "../../../../lib/engine/ports.ts";
import { handleApi } from "../../../../lib/flows/api/handle-api.ts";
import { createKeyVerifier } from "../../../../lib/flows/api/verify-key.ts";
import type { ApiPorts, ApiResponse } from "../../../../lib/flows/api/request.ts";
import { createMemoryPorts } from "../../../support/memory-ports.ts";
import type { MemoryPorts } from "../../../support/memory-ports.ts";
import { acme } from "../../support/acme.ts";
import { beta } from "./beta.ts";
import { memoryOnce } from "./memory-once.ts";

export const apiKey = "the-api-key-of-the-tests";

const Envelope = z.strictObject({
  status: z.enum(["ok", "error"]),
  data: z.unknown(),
  errors: z.array(z.strictObject({ code: z.string(), message: z.string(), field: z.string().optional() })),
});

const Page = z.looseObject({
  items: z.array(z.record(z.string(), z.unknown())),
  next: z.string().nullable(),
  previous: z.string().nullable(),
  total: z.int(),
});

export interface Answer extends ApiResponse {
  readonly envelope: z.infer<typeof Envelope>;
  /** The data where it is an object. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  readonly query?: Readonly<Record<string, string>>;
  /** An object goes as JSON, text and bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** null: no key is sent. */
  readonly key?: string | null;
}

/** The API on memory ports, with every answer that it ever gave. */
export class TestApi {
  readonly ports: MemoryPorts;
  readonly answers: Answer[] = [];
  readonly apiPorts: ApiPorts;

  constructor(ports: MemoryPorts = apiPorts(), overrides: Partial<ApiPorts> = {}) {
    this.ports = ports;
    this.apiPorts = {
      ...ports,
      verifyApiKey: createKeyVerifier({
        ...ports,
        isFirstKey: async (presented) => isApiKey(presented, apiKey),
        verifyUser: null,
      }),
      once: memoryOnce(),
      workInEmergency: async () => null,
      ...overrides,
    };
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const key = options.key === undefined ? apiKey : options.key;
    const response = await handleApi(this.apiPorts, {
      method,
      path: `/api/v1${path}`,
      query: options.query ?? {},
      headers: { ...(key === null ? {} : { "x-api-key": key }), ...options.headers },
      body: bytesOf(options.body),
      requestId: `request-${this.answers.length}`,
      origin: "https://api.example.com",
    });
    const envelope = Envelope.parse(JSON.parse(response.body));
    const data = z.record(z.string(), z.unknown()).catch({}).parse(envelope.data);
    const answer = { ...response, envelope, data };
    this.answers.push(answer);
    return answer;
  }

  async page(path: string, query: Readonly<Record<string, string>> = {}): Promise<z.infer<typeof Page>> {
    const answer = await this.call("GET", path, { query });
    if (answer.status !== 200) throw new Error(`GET ${path}: ${answer.status} ${answer.body}`);
    return Page.parse(answer.envelope.data);
  }

  /** Makes a key by the API and gives it. */
  async makeKey(role: Role, tenantId: string | null = null): Promise<{ readonly id: string; readonly key: string }> {
    const answer = await this.call("POST", "/keys", { body: { name: `${role} of the tests`, role, tenantId } });
    if (answer.status !== 201) throw new Error(`POST /keys: ${answer.status} ${answer.body}`);
    return { id: String(answer.data.id), key: String(answer.data.key) };
  }

  /** Creates a connection and gives its id. */
  async connect(body: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const answer = await this.call("POST", "/connections", { body: { ...acmeConnection, ...body } });
    if (answer.status !== 201) throw new Error(`POST /connections: ${answer.status} ${answer.body}`);
    return String(answer.data.id);
  }
}

export const acmeConnection = {
  partner: "acme",
  tenantId: "tenant-1",
  name: "Acme of tenant 1",
  credential: { apiKey: "acme-credential-value" },
};

/** @param more partners beside the usual two, with their secrets */
export function apiPorts(
  more: { readonly partners: readonly PartnerDriver[]; readonly secrets: Readonly<Record<string, PartnerSecret>> } = {
    partners: [],
    secrets: {},
  },
): MemoryPorts {
  return createMemoryPorts({
    partners: [acme, beta, ...more.partners],
    secrets: {
      ...more.secrets,
      acme: { connectionKey: "acme-connection-key-value", webhookSecrets: ["acme-partner-webhook-secret"], app: {} },
      beta: {
        connectionKey: "beta-connection-key-value",
        webhookSecrets: [],
        app: { clientSecret: "beta-app-secret" },
      },
    },
  });
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array(0);
  if (body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** The codes and fields of an answer's errors. */
export function errorsOf(answer: Answer): readonly string[] {
  return answer.envelope.errors.map((error) =>
    error.field === undefined ? error.code : `${error.code} ${error.field}`,
  );
}
