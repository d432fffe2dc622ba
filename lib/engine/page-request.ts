import type { PartnerRequest } from "./define-partner.ts";
import type { PageCall } from "./pages/page-strategy.ts";

/** The call for a page of the list at a path, with the query that every page has. */
export function pageRequest(path: string, own: PartnerRequest["query"], call: PageCall): PartnerRequest {
  switch (call.kind) {
    case "url":
      return { method: "GET", path: call.url, query: {}, endpoint: `GET ${path}` };
    case "body":
      return { method: "POST", path, query: own, endpoint: `POST ${path}`, body: call.body };
    case "query":
      return { method: "GET", path, query: { ...own, ...call.query }, endpoint: `GET ${path}` };
  }
}
