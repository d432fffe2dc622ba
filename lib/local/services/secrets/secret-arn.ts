import { createHash } from "node:crypto";

/** The ARN of a secret: AWS adds six random characters; here they derive from the name, so that they outlive a fresh start. */
export function secretArnOf(name: string, account: string, region: string): string {
  const suffix = createHash("sha256").update(name).digest("base64url").replace(/[-_]/g, "x").slice(0, 6);
  return `arn:aws:secretsmanager:${region}:${account}:secret:${name}-${suffix}`;
}

/** The name in an ARN, whose last hyphen starts AWS's suffix. */
export function secretNameOf(nameOrArn: string): string {
  if (!nameOrArn.startsWith("arn:")) return nameOrArn;
  const name = nameOrArn.split(":").slice(6).join(":");
  return name.replace(/-[A-Za-z0-9]{6}$/, "");
}
