import { readFileSync } from "node:fs";
import { join } from "node:path";

import { run } from "../../src/runtime/process.js";
import { testPython } from "./python.js";

/** Certificates of an authority that nobody knows, for a day. */
export interface Certificates {
  /** The path of the authority's certificate. */
  authority: string;
  /** The path of a client's certificate and key, in one file. */
  client: string;
  /** For a server of 127.0.0.1. */
  server: { cert: Buffer; key: Buffer };
  /** For a server of another name. */
  otherServer: { cert: Buffer; key: Buffer };
  /** For a server of 127.0.0.1, expired yesterday. */
  expiredServer: { cert: Buffer; key: Buffer };
}

// MLflow brings cryptography along
const program = `
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

day = datetime.timedelta(days=1)
now = datetime.datetime.now(datetime.timezone.utc)
pem = serialization.Encoding.PEM

def make(name, issuer=None, address=None, is_authority=False, until=now + day):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - 2 * day).not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if address:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
    certificate = builder.sign(issuer[1] if issuer else key, hashes.SHA256())
    cert = certificate.public_bytes(pem)
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for suffix, content in ((".crt", cert), (".key", private), (".pem", cert + private)):
        with open(f"{sys.argv[1]}/{name}{suffix}", "wb") as file:
            file.write(content)
    return certificate, key

authority = make("authority", is_authority=True)
make("client", authority)
make("server", authority, "127.0.0.1")
make("other", authority, "192.0.2.1")
make("expired", authority, "127.0.0.1", until=now - day)
`;

/** Makes them in `directory`. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const { code, lines } = await run({ command: testPython(), args: ["-I", "-c", program, directory] });
  if (code !== 0) throw new Error(`no certificates were made:\n${lines.join("\n")}`);
  const file = (name: string): Buffer => readFileSync(join(directory, name));
  const pair = (name: string) => ({ cert: file(`${name}.crt`), key: file(`${name}.key`) });
  return {
    authority: join(directory, "authority.crt"),
    client: join(directory, "client.pem"),
    server: pair("server"),
    otherServer: pair("other"),
    expiredServer: pair("expired"),
  };
}
