import type { ListedImage } from "../../../core/services.js";
import { isYoung } from "./age.js";
import type { Needs } from "./needs.js";

/** The images that no deployment and no version that stays was made with. */
export function unneededImages(images: readonly ListedImage[], needs: Needs, now: number): ListedImage[] {
  return images.filter(
    (image) =>
      !isYoung(image.createTime, now) &&
      !image.environmentHashes.some((hash) => needs.isEnvironmentNeeded(hash)) &&
      !needs.isImageNeeded(namesOf(image)),
  );
}

/** Of `images`, the environments of those that some version or setting names by the image, whatever its labels say. */
export function environmentsOfNamed(images: readonly ListedImage[], needs: Needs): string[] {
  return images.filter((image) => needs.isImageNeeded(namesOf(image))).flatMap((image) => image.environmentHashes);
}

/** By its digest, and by each of its tags. */
function namesOf({ uri, environmentHashes }: ListedImage): string[] {
  const name = uri.replace(/@.*$/, "");
  return [uri, ...environmentHashes.map((hash) => `${name}:${hash}`)];
}
