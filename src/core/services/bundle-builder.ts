import type { Bundle, BundleRequest } from "../bundle.js";
import type { StepContext } from "../progress.js";

/** 2: packs predictor, serving runtime and requirements into one sdist. */
export interface BundleBuilder {
  /** @throws DeploymentError `INVALID_PARAMETER_VALUE` for a template or a value that the bundle cannot hold. */
  build(request: BundleRequest, context: StepContext): Promise<Bundle>;
}
