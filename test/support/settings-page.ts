import { aiPlatformSettings } from "../../src/targets/aiplatform/config/definition.js";
import { platformOf } from "../../src/targets/aiplatform/config/help.js";
import type { SettingName } from "../../src/targets/aiplatform/config/settings.js";
import { describeSettings, type SettingHelp } from "../../src/targets/settings/help.js";
import { snakeCase } from "../../src/targets/settings/setting-names.js";

/** The page docs/settings.md, made from the schema. */
export function settingsPage(): string {
  const sections = describeSettings(aiPlatformSettings).map(
    ({ title, settings }) => `## ${title}

setting | what it is | type | default | environment
--- | --- | --- | --- | ---
${settings.map(row).join("\n")}`,
  );
  return `# Settings of the \`aiplatform\` target

Made from the schema in \`src/targets/aiplatform/config/settings.ts\`; a test says when it is out of date
(\`npm test -- test/unit/settings.test.ts -u\` writes it anew).

A setting is taken from \`config\` of the call (camelCase or snake_case), then from \`config\` of \`getDeployClient\`, then from
the target URI \`aiplatform:/PROJECT/LOCATION\`, then from the environment, the first variable that is set; the project at
last from the Application Default Credentials.

Where all values are text, as on a command line, whole numbers are written in digits, \`true\` and \`false\` in any case, and
tables and lists as JSON. A setting with *Vertex AI only* cannot be in \`config\` of a call with \`platform: legacy\`, nor one of
the legacy platform in that of another.

${sections.join("\n\n")}

## MLflow's own variables

Those for its servers' credentials are honoured as well: \`MLFLOW_TRACKING_USERNAME\`, \`MLFLOW_TRACKING_PASSWORD\`,
\`MLFLOW_TRACKING_TOKEN\`, and the file \`~/.mlflow/credentials\`; a token that expires is given as a function,
\`getDeployClient("aiplatform", { mlflow: { credentials: { token: async () => … } } })\`. They go to the tracking server and, as
in MLflow, to the registry of \`registryUri\`; but not without encryption where the tracking server has it, and to no server
that one of these names. Certificates come from \`MLFLOW_TRACKING_SERVER_CERT_PATH\` and \`MLFLOW_TRACKING_CLIENT_CERT_PATH\`;
\`MLFLOW_TRACKING_INSECURE_TLS\` checks none. Times are in seconds:

variable | what it is | default
--- | --- | ---
\`MLFLOW_DEPLOYMENT_CLIENT_HTTP_REQUEST_TIMEOUT\` | one request to Google's APIs, other than a prediction | 300
\`MLFLOW_DEPLOYMENT_PREDICT_TIMEOUT\` | one prediction request; of a stream, until its first byte | 120
\`MLFLOW_DEPLOYMENT_PREDICT_TOTAL_TIMEOUT\` | a prediction with its repetitions; of a stream, until its first byte | 600
`;
}

function row({ name, description, type, default: otherwise, env, aliases }: SettingHelp<SettingName>): string {
  const notes = [
    description,
    aliases.length > 0 ? `Also: ${aliases.map((alias) => code(snakeCase(alias))).join(", ")}.` : null,
    platformOf(name) === "vertex" ? "*Vertex AI only.*" : null,
  ].filter((note) => note !== null);
  return [code(name), notes.join(" "), type.replaceAll("|", "\\|"), otherwise ?? "", env.map(code).join(", ")].join(
    " | ",
  );
}

function code(text: string): string {
  return `\`${text}\``;
}
