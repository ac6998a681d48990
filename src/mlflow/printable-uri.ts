/** A URI that may be shown and kept: without the user, password and query that some stores put their credentials in. */
export function withoutCredentials(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return uri.replace(/^([^:]+:\/\/)[^/?#]*@/, "$1").replace(/\?.*$/s, "");
}

/** Text with the user and password of every URL in it replaced by `***`. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/\S+/g, (word) => {
    const [scheme = "", ...rest] = word.split("://");
    return [scheme, ...rest.map(maskUserinfo)].join("://");
  });
}

/** As {@link maskCredentials}, and the queries of URLs too, which sign some stores' URLs: for the words of libraries and servers. */
export function maskUrls(text: string): string {
  return maskCredentials(text).replaceAll(/\S+/g, (word) => {
    const url = word.indexOf("://");
    const query = url === -1 ? -1 : word.indexOf("?", url);
    return query === -1 ? word : `${word.slice(0, query)}?***`;
  });
}

/** Of what follows `://`. */
function maskUserinfo(text: string): string {
  const end = text.search(/[/?#'"]/);
  const at = (end === -1 ? text : text.slice(0, end)).lastIndexOf("@");
  if (at !== -1) return `***${text.slice(at)}`;
  const slashed = userinfoWithSlash(text);
  return slashed === null ? text : `***@${text.slice(slashed.length + 1)}`;
}

/** A password with a slash, which should have been encoded; `host:443/a@b` has none. No regular expression: any text comes here. */
function userinfoWithSlash(text: string): string | null {
  const userinfo = text.slice(0, Math.max(0, text.indexOf("@")));
  const [host = ""] = userinfo.split("/", 1);
  const colon = host.indexOf(":");
  if (colon === -1 || userinfo.includes("'") || userinfo.includes('"')) return null;
  return /^\d+$/.test(host.slice(colon + 1)) ? null : userinfo;
}
