/**
 * Replaces `$(NAME)` by the variable's value and `$$` by `$`, as Kubernetes does in a container's command, args and env
 * (`ModelContainerSpec.command` in Vertex AI's reference): `$$(NAME)` stays `$(NAME)`, and so does an unknown name.
 */
export function expandVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (match, name: string | undefined) => {
    if (name === undefined) return "$";
    return Object.hasOwn(variables, name) ? variables[name]! : match;
  });
}
