/** A key's ARN from what a template or call names it by: an ARN or an id. Aliases are the key service's to resolve. */
export function keyArnOf(keyIdOrArn: string, account: string, region: string): string {
  return keyIdOrArn.startsWith("arn:") ? keyIdOrArn : `arn:aws:kms:${region}:${account}:key/${keyIdOrArn}`;
}
