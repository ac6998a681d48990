/**
 * The targets that `getDeployClient` knows by name, each with its client's type. A target's package adds its own:
 *
 * ```ts
 * declare module "mlflow-deployments" {
 *   interface DeploymentTargets {
 *     mytarget: { client: MyClient; options: MyClientOptions };
 *   }
 * }
 * ```
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by declaration merging
export interface DeploymentTargets {}
