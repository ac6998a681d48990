/** How a deployment's supervisor is reached. Whoever may read it may tell it what to run. */
export interface SupervisorState {
  schemaVersion: 1;
  /** Of this supervisor alone. */
  id: string;
  pid: number;
  /** Tells it from a later process with the same id; null where the operating system does not say. */
  startIdentity: string | null;
  /** The port of predictions, for as long as the deployment exists. */
  port: number;
  /** The port of its control. */
  controlPort: number;
  /** What the control asks for. */
  token: string;
}

/** What a supervisor is to run. */
export interface ServeRequest {
  specHash: string;
  /** The interpreter. */
  python: string;
  /** Where the bundle's modules are. */
  modules: string;
  /** The model's directory. */
  model: string;
  /** Variables for the model; null for those of what serves now. */
  env: Record<string, string> | null;
  /** Variables for the serving runtime itself. */
  runtimeEnv: Record<string, string>;
  /** Seconds. */
  startTimeout: number;
}

/** What a supervisor says of itself. */
export interface SupervisorStatus {
  id: string;
  /** What serves; null before anything does. */
  serving: {
    specHash: string;
    /** Null while its process is started again. */
    pid: number | null;
    /** RFC 3339. */
    since: string;
    /** How often its process has died. */
    restarts: number;
  } | null;
}
