/** The kinds of Cloud Build's `FailureInfo.FailureType` that can happen here. */
export type FailureType = "PUSH_FAILED" | "PUSH_IMAGE_NOT_FOUND" | "USER_BUILD_STEP" | "FETCH_SOURCE_FAILED";

/** A build that fails: its message becomes the build's `statusDetail` and the last line of its log. */
export class BuildFailure extends Error {
  override readonly name = "BuildFailure";
  readonly type: FailureType;

  constructor(type: FailureType, message: string) {
    super(message);
    this.type = type;
  }
}

/** A build step that fails, with docker's or the emulator's reason. */
export const stepFailure = (message: string) => new BuildFailure("USER_BUILD_STEP", message);
