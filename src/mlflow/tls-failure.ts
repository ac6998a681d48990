import { DeploymentError } from "../core/errors.js";

/** What went wrong, and what to do, by the code that Node gives it; the first that matches counts. */
const failures: readonly [RegExp, string, (setting: string) => string][] = [
  [
    /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|EPROTO/,
    "the server does not speak TLS there",
    (setting) => `Write http:// in ${setting}, or take the port of its https.`,
  ],
  [
    // what a server says that wants a certificate, or another one
    /CERTIFICATE_REQUIRED|ALERT_BAD_CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_HANDSHAKE_FAILURE|ALERT_CERTIFICATE|ALERT_UNSUPPORTED_CERTIFICATE/,
    "the server asks for a certificate of yours that it knows",
    () => "Set MLFLOW_TRACKING_CLIENT_CERT_PATH to a file with certificate and private key.",
  ],
  [/CERT_HAS_EXPIRED/, "the server's certificate has expired", () => "Have it renewed."],
  [/CERT_NOT_YET_VALID/, "the server's certificate is not valid yet", () => "Check the clock of this machine."],
  [
    /ALTNAME_INVALID/,
    "the server's certificate is for other names than this one",
    (setting) => `Write the name that it is for in ${setting}.`,
  ],
  [
    /CERT|ERR_TLS|SSL|UNABLE_TO_VERIFY|INVALID_CA|INVALID_PURPOSE/,
    "the authority of the server's certificate is not known here",
    () => "Set MLFLOW_TRACKING_SERVER_CERT_PATH to the authority's certificate.",
  ],
];

/** A connection that could not be made secure, as an error; null for a failure of another kind. */
export function secureConnectionFailure(
  code: string,
  server: { origin: string; setting: string },
): DeploymentError | null {
  const [, reason, advice] = failures.find(([pattern]) => pattern.test(code)) ?? [];
  if (reason === undefined || advice === undefined) return null;
  return new DeploymentError(
    "FAILED_PRECONDITION",
    `No secure connection to ${server.origin}: ${reason} (${code}). ${advice(server.setting)}`,
    { cause: new Error(code) },
  );
}
