/**
 * The forms of a URL that Twilio may have signed, as its own packages try them: as it came, without the port that it
 * has or with the scheme's when it has none, and both with the query encoded anew. Strings are cut rather than parsed, as a parser would tidy them.
 * https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export function twilioUrls(url: string): readonly string[] {
  const whole = url.split("#", 1)[0] ?? "";
  const parts = /^(https?):\/\/((?:[^/?@]*@)?)([^/?@:]+|\[[^/?@\]]*\])(?::(\d{1,5}))?(?=[/?]|$)(.*)$/is.exec(whole);
  if (parts === null) return [whole];
  const [, scheme = "", user = "", host = "", port, rest = ""] = parts;
  const usual = scheme.toLowerCase() === "https" ? "443" : "80";
  const forms = [
    whole,
    port === undefined ? `${scheme}://${user}${host}:${usual}${rest}` : `${scheme}://${user}${host}${rest}`,
  ];
  return [...new Set([...forms, ...forms.map(withEncodedQuery)])];
}

function withEncodedQuery(url: string): string {
  const start = url.indexOf("?");
  if (start === -1) return url;
  const fields = [...new URLSearchParams(url.slice(start))];
  const query = fields.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
  return `${url.slice(0, start)}?${query}`;
}
