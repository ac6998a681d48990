/** "Dependency specifiers" of the Python Packaging User Guide, with the names that older versions of it had. */
const variable =
  "(?:python_(?:full_)?version|os[._]name|sys[._]platform|platform[._](?:release|system|version|machine|python_implementation)|" +
  "python_implementation|implementation_(?:name|version)|extra)";
const comparison = new RegExp(`^(?:${variable}|"") ?(?:===?|~=|!=|[<>]=?|in\\b|not in\\b) ?(?:${variable}|"")$`);

/** Whether this is an environment marker, such as `python_version < "3.11" and (os_name == "nt" or extra == "x")`. */
export function isMarker(text: string): boolean {
  const withoutTexts = text.replaceAll(/"[^"]*"|'[^']*'/g, '""');
  const clauses = withoutTexts.split(/(?<=[ )"])(?:and|or)(?=[ ("])/);
  return clauses.every((clause) => comparison.test(clause.replaceAll(/[ ()]+/g, " ").trim()));
}
