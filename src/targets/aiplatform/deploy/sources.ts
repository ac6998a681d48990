import { together } from "../../../core/together.js";
import type { Call } from "../call.js";
import { ensureImage, uploadModel } from "./artifacts.js";
import type { Wanted } from "./wanted.js";

/** What a registry version is made of. */
export interface Sources {
  artifactUri: string;
  imageUri: string;
}

/** Sends the model's files while the image is looked for, or built: either may take minutes, and neither needs the other. */
export async function ensureSources(wanted: Wanted, call: Call): Promise<Sources> {
  const [artifactUri, imageUri] = await together(
    call.context,
    (context) => uploadModel(wanted, { ...call, context }),
    (context) => ensureImage(wanted, { ...call, context }),
  );
  return { artifactUri, imageUri };
}
