import { createHash } from "node:crypto";

/** A stable name for a resource that the template leaves unnamed; cut with a digest when the service allows less. */
export function generatedName(stack: string, logicalId: string, lengthMax: number): string {
  const name = `${stack}-${logicalId}`;
  if (name.length <= lengthMax) return name;
  return `${name.slice(0, lengthMax - 9)}-${digest(name).slice(0, 8)}`;
}

/** A stable UUID for what AWS would give a random one. */
export function generatedUuid(stack: string, logicalId: string): string {
  const hex = digest(`${stack}/${logicalId}`);
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}

/** A stable id in API Gateway's form: ten lower-case letters and digits. */
export function generatedApiId(stack: string, logicalId: string): string {
  return digest(`${stack}/${logicalId}`).slice(0, 10);
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
