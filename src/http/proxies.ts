import { DeploymentError } from "../core/errors.js";

/** The proxies of the environment, as gaxios takes them for all else. @throws DeploymentError as {@link proxyOf}. */
export function proxies(): { httpProxy: string; httpsProxy: string } {
  const ofHttp = ["http_proxy", "HTTP_PROXY"];
  return { httpProxy: proxyOf(ofHttp), httpsProxy: proxyOf(["https_proxy", "HTTPS_PROXY", ...ofHttp]) };
}

/**
 * The proxy that the first of these variables names; empty for none. Without a scheme it is http.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` that names the variable, and not its value, which may hold a password.
 */
function proxyOf(names: readonly string[]): string {
  const name = names.find((candidate) => process.env[candidate]);
  const value = name === undefined ? "" : (process.env[name] ?? "");
  const url = value === "" || value.includes("://") ? value : `http://${value}`;
  if (url === "" || (/^https?:/i.test(url) && URL.canParse(url))) return url;
  throw new DeploymentError(
    "INVALID_PARAMETER_VALUE",
    `The environment variable ${name} is not the URL of an HTTP proxy, such as http://proxy.example.com:3128.`,
  );
}
