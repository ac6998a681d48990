import Mustache, { type OpeningAndClosingTags, type TemplateSpans } from "mustache";
import { DeploymentError } from "../core/errors.js";

export interface Template {
  /** What messages call it. */
  name: string;
  text: string;
}

/** The variables of a template: text, conditions and lists for sections; null is one that has no value this time. */
export type View = Readonly<Record<string, string | boolean | null | readonly string[]>>;

/** Writes a value in the language of a template, so that it is one token of it whatever it holds. */
export type Escape = (value: string) => string;

type Token = TemplateSpans[number];

/** Said each time, because Mustache's own default is a global that any code of the process can change. */
const tags: OpeningAndClosingTags = ["{{", "}}"];

/**
 * Renders a Mustache template, strictly: each value is escaped (`{{{x}}}`, `{{&x}}` and partials are refused), and each name
 * must be a variable with a value, where Mustache itself would write nothing. Values are never rendered again.
 *
 * @throws DeploymentError `INVALID_PARAMETER_VALUE` with template and line.
 */
export function render(template: Template, view: View, escape: Escape): string {
  const writer = new Mustache.Writer();
  const tokens = parse(writer, template);
  check(tokens, { template, view, inList: false, rendered: true });
  return writer.render(template.text, view, undefined, { escape, tags });
}

function parse(writer: InstanceType<typeof Mustache.Writer>, template: Template): TemplateSpans {
  try {
    return writer.parse(template.text, tags) as TemplateSpans;
  } catch (cause) {
    const [, problem = String(cause), index = "0"] = /^Error: (.*) at (\d+)$/s.exec(String(cause)) ?? [];
    throw failure(template, Number(index), `${problem}. ${advice}`, cause);
  }
}

const advice =
  "Braces that are Python's own need other tags in a template, {{=<% %>=}} at its top; or name the file .py, where they stay as they are.";

interface Scope {
  template: Template;
  view: View;
  /** Within a section over a list, where `{{.}}` is the item. */
  inList: boolean;
  /** False in a section that is left out this time. */
  rendered: boolean;
}

function check(tokens: TemplateSpans, scope: Scope): void {
  for (const token of tokens) checkToken(token, scope);
}

function checkToken(token: Token, scope: Scope): void {
  const [type, name, index, , children] = token;
  const { template, view, inList, rendered } = scope;
  const refuse = (problem: string): never => {
    throw failure(template, index, problem);
  };
  if (type === "text" || type === "!" || type === "=") return;
  if (type === "&" || type === ">") refuse(`unescaped values and partials are not allowed (${name})`);
  if (inList && name === "." && type === "name") return;
  if (!Object.hasOwn(view, name))
    refuse(`unknown variable ${name}; there are ${Object.keys(view).join(", ")}. ${advice}`);
  const value = view[name];
  if (type === "name") {
    if (value === null && rendered) refuse(unavailable(name));
    if (value !== null && typeof value !== "string")
      refuse(`${name} is no text: use it as a section, {{#${name}}}…{{/${name}}}`);
    return;
  }
  const shown = Array.isArray(value) ? value.length > 0 : Boolean(value);
  check(children as TemplateSpans, {
    ...scope,
    inList: inList || Array.isArray(value),
    rendered: rendered && shown === (type === "#"),
  });
}

/** Why a variable has no value, and what to do about it. */
export function unavailable(name: string): string {
  if (name === "modelArtifactUri") {
    return "the model's URI is known on the legacy platform only; elsewhere from_path(model_dir) is given the model's directory";
  }
  return `${name} has no value here; give versionName (version_name) to have a version`;
}

/** An error that names the line of a template. */
export function failure(template: Template, index: number, problem: string, cause?: unknown): DeploymentError {
  const line = template.text.slice(0, index).split("\n").length;
  return new DeploymentError("INVALID_PARAMETER_VALUE", `${template.name}, line ${line}: ${problem}.`, { cause });
}
