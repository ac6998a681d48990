import { allCapabilities, type Capability } from "../../core/capabilities.js";
import type { AiPlatformSettings } from "./config/setting-rules.js";

/** What each platform has beyond the abstract methods. */
const capabilities: Record<AiPlatformSettings["platform"], readonly Capability[]> = {
  vertex: allCapabilities,
  legacy: ["logs", "diagnose", "background"],
};

/** What a platform has beyond the abstract methods. */
export function capabilitiesOf(platform: AiPlatformSettings["platform"]): readonly Capability[] {
  return capabilities[platform];
}
