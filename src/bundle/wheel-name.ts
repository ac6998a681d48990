/** "Binary distribution format" of the Python Packaging User Guide: `name-version(-build)?-python-abi-platform.whl`. */
const wheelName =
  /^(?<name>[A-Za-z0-9](?:[A-Za-z0-9._]*[A-Za-z0-9])?)-(?<version>[0-9][A-Za-z0-9_.!+]*)(?:-[0-9][A-Za-z0-9_.]*)?-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+-[A-Za-z0-9_.]+\.whl$/;

/** The package that a wheel holds, by the name of its file. */
export function wheelOf(file: string, refuse: (problem: string) => never): { name: string; version: string } {
  const { name, version } = wheelName.exec(file)?.groups ?? {};
  if (!name || !version) {
    return refuse(`${file} is not named as a wheel has to be, name-version-python-abi-platform.whl`);
  }
  return { name: name.replaceAll("_", "-"), version: version.replaceAll("_", "-") };
}
