import { batchSettings } from "./settings-batch.js";
import { callSettings } from "./settings-call.js";
import { connectionSettings } from "./settings-connection.js";
import { containerSettings } from "./settings-container.js";
import { endpointSettings } from "./settings-endpoint.js";
import { imageSettings } from "./settings-image.js";
import { legacySettings } from "./settings-legacy.js";
import { modelSettings } from "./settings-model.js";
import { placeSettings } from "./settings-place.js";

/**
 * Every setting of the `aiplatform` target: the types, the checks, the target's help and the documentation all come
 * from here. In `config` each may be written in camelCase or snake_case.
 */
export const settingsShape = {
  ...modelSettings,
  ...placeSettings,
  ...containerSettings,
  ...endpointSettings,
  ...imageSettings,
  ...batchSettings,
  ...callSettings,
  ...legacySettings,
  ...connectionSettings,
} as const;

/** The name of a setting. */
export type SettingName = keyof typeof settingsShape;

/** The settings by what they are about, for a person who looks for one. */
export const settingGroups: readonly { title: string; names: readonly SettingName[] }[] = [
  { title: "What is deployed", names: namesOf(modelSettings) },
  { title: "Where", names: namesOf(placeSettings) },
  { title: "How it runs", names: namesOf(containerSettings) },
  { title: "The endpoint and its traffic", names: namesOf(endpointSettings) },
  { title: "The serving image", names: namesOf(imageSettings) },
  { title: "Batch predictions", names: namesOf(batchSettings) },
  { title: "The call", names: namesOf(callSettings) },
  { title: "Only on the legacy platform", names: namesOf(legacySettings) },
  { title: "The connection", names: namesOf(connectionSettings) },
];

function namesOf<Shape extends Partial<typeof settingsShape>>(shape: Shape): (keyof Shape & SettingName)[] {
  return Object.keys(shape) as (keyof Shape & SettingName)[];
}
