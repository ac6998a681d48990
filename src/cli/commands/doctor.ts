import { targetCommand } from "../target-command.js";
import { configOption, targetOption } from "../target-options.js";

export const doctorCommand = targetCommand({
  name: "doctor",
  summary: "Look at all that a deployment needs, and say what to do about what is missing.",
  details: "It exits with 1 when a check has failed.",
  options: [targetOption, configOption],
  forms: true,
  run: async (call) => {
    const checks = await call.client.diagnose(call.options);
    const { diagnosisLines, diagnosisTable } = await import("../output/diagnosis-text.js");
    return {
      result: checks,
      text: diagnosisLines(checks, call.io).join("\n"),
      table: diagnosisTable(checks),
      exitCode: checks.some(({ status }) => status === "failed") ? 1 : 0,
    };
  },
});
