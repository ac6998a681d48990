/** What the platform keeps of a model's deployment: it has no display names, and a label's value does not hold every name. */
export interface ModelDescription {
  /** The deployment's exact name; null for a model that this package did not make. */
  deploymentName: string | null;
  /** What its owner says of it. */
  text: string | null;
}

const lastLine = /(?:^|\n\n)MLflow deployment: (".*")$/;

/** `Model.description`: the owner's text, and the deployment's name as its last line. */
export function formatDescription({ deploymentName, text }: ModelDescription): string {
  const parts = [text, deploymentName === null ? null : `MLflow deployment: ${JSON.stringify(deploymentName)}`];
  return parts.filter((part) => part !== null).join("\n\n");
}

/** The parts of `Model.description`. */
export function parseDescription(description: string | null | undefined): ModelDescription {
  const whole = description ?? "";
  const match = lastLine.exec(whole);
  const text = match ? whole.slice(0, match.index) : whole;
  return { deploymentName: match ? nameIn(match[1] ?? "") : null, text: text === "" ? null : text };
}

function nameIn(quoted: string): string | null {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    return null;
  }
}
