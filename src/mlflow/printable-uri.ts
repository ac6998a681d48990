/** A URI that may be shown and kept: without the user, password and query that some stores put their credentials in. */
export function withoutCredentials(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return uri.replace(/^([^:]+:\/\/)[^/?#]*@/, "$1").replace(/\?.*$/s, "");
}

/*
 * User and password of a URL. The second form is a password with a slash that should have been encoded; a port and a path, as in
 * `host:443/a@b`, is none. Lengths are bounded so that hostile text takes linear time.
 */
const userinfo = /([a-z][a-z0-9+.-]{0,30}:\/\/)(?:[^\s/?#'"]{0,2000}|[^\s/@'"]{0,200}:(?!\d+\/)[^\s@'"]{0,2000})@/gi;

/** Text with the user and password of every URL in it replaced by `***`. */
export function maskCredentials(text: string): string {
  return text.replaceAll(userinfo, "$1***@");
}
