import { aiPlatformSettings } from "../../src/targets/aiplatform/config/definition.js";
import { describeSettings } from "../../src/targets/settings/help.js";
import { snakeCase } from "../../src/targets/settings/setting-names.js";

/** The page docs/settings.md, made from the schema. */
export function settingsPage(): string {
  const rows = describeSettings(aiPlatformSettings).map(
    ({ name, description, type, default: otherwise, env, aliases }) =>
      [
        code(name),
        `${description}${aliases.length > 0 ? ` Also: ${aliases.map((alias) => code(snakeCase(alias))).join(", ")}.` : ""}`,
        type.replaceAll("|", "\\|"),
        otherwise ?? "",
        env.map(code).join(", "),
      ].join(" | "),
  );
  return `# Settings of the \`aiplatform\` target

Made from the schema in \`src/targets/aiplatform/config/settings.ts\`; a test says when it is out of date
(\`npm test -- test/unit/settings.test.ts -u\` writes it anew).

A setting is taken from \`config\` of the call (camelCase or snake_case), then from \`config\` of \`getDeployClient\`, then from
the target URI \`aiplatform:/PROJECT/LOCATION\`, then from the environment, the first variable that is set; the project at
last from the Application Default Credentials.

setting | what it is | type | default | environment
--- | --- | --- | --- | ---
${rows.join("\n")}

MLflow's own variables for its server's credentials are honoured as well: \`MLFLOW_TRACKING_USERNAME\`,
\`MLFLOW_TRACKING_PASSWORD\`, \`MLFLOW_TRACKING_TOKEN\`.
`;
}

function code(text: string): string {
  return `\`${text}\``;
}
