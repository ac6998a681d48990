/** An image of an Artifact Registry repository, taken apart. */
export interface ImageUri {
  location: string;
  /** The project's id. */
  project: string;
  repository: string;
  /** Its name in the repository, which may have slashes. */
  name: string;
  tag: string | null;
}

const form =
  /^(?<location>[a-z0-9-]+)-docker\.pkg\.dev\/(?<project>(?:[a-z0-9-]+(?:\.[a-z0-9-]+)+\/)?[a-z][a-z0-9-]*)\/(?<repository>[a-z][a-z0-9-]*)\/(?<name>[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::(?<tag>\w[\w.-]{0,127}))?$/;

/** Takes `europe-west1-docker.pkg.dev/acme/images/serving:v1` apart; null for any other form, such as one with a digest. */
export function parseImageUri(uri: string): ImageUri | null {
  const parts = form.exec(uri)?.groups;
  if (!parts) return null;
  const { location = "", project = "", repository = "", name = "", tag } = parts;
  // a project's id may have a domain, "example.com:acme", which is a folder in image names
  return { location, project: project.replace("/", ":"), repository, name, tag: tag ?? null };
}
