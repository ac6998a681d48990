export type { ArmedFault, Fault } from "./faults.js";
export { type Emulator, type EmulatorOptions, startEmulator } from "./server.js";
