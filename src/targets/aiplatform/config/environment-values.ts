import { settingOfVariable } from "../../settings/request-batching.js";
import { table } from "../../settings/values.js";

/** `ModelContainerSpec.env`: how many variables, how large each `NAME=value` (less than), and all together. */
const limits = { variables: 200, bytesOfEach: 128 * 1024, bytesOfAll: 512 * 1024 };

/** `EnvVar.name`: "Must be a valid C identifier". */
const legalName = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** The variables of a container, by Vertex AI's rules. No message holds a value: it may be a secret. */
export const environment = () =>
  table().superRefine((variables, context) => {
    const refuse = (message: string) => context.addIssue({ code: "custom", message });
    const entries = Object.entries(variables);
    for (const [name, value] of entries) {
      if (name.startsWith("AIP_"))
        refuse(`must not have ${short(name)}: names that start with AIP_ are the platform's`);
      else if (settingOfVariable(name))
        refuse(`must not have ${name}, which the setting ${settingOfVariable(name)} sets`);
      else if (!legalName.test(name))
        refuse(`must have names of letters, digits and _, that do not start with a digit, which ${short(name)} is not`);
      if (bytesOf(name, value) >= limits.bytesOfEach)
        refuse(`must have variables below 128 KiB, which ${short(name)} is not`);
    }
    if (entries.length > limits.variables) refuse(`must have at most ${limits.variables} variables`);
    if (entries.reduce((sum, [name, value]) => sum + bytesOf(name, value), 0) > limits.bytesOfAll)
      refuse("must have at most 512 KiB in all");
  });

function bytesOf(name: string, value: string): number {
  return Buffer.byteLength(`${name}=${value}`);
}

/** What a name that is none may be shown of: after an equals sign may follow what should have been the value. */
function short(name: string): string {
  const [start = ""] = name.split("=");
  return JSON.stringify(start.length > 80 || start !== name ? `${start.slice(0, 80)}…` : name);
}
