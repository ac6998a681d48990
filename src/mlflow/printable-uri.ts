/** A URI that may be shown and kept: without the user, password and query that some stores put their credentials in. */
export function withoutCredentials(uri: string): string {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return uri.replace(/^([^:]+:\/\/)[^/?#]*@/, "$1").replace(/\?.*$/s, "");
}

/** Text with the user and password of every URL in it replaced by `***`. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#'"]*@/gi, "$1***@");
}
