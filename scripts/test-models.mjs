// npm run test:models: the suite of models with PyTorch, whose environment has 3.4 GB of CUDA on Linux.
import { runVitest } from "./run-vitest.mjs";

const args = process.argv.slice(2);
await runVitest(["models", "mlflow2", "torch"], args.length > 0 ? args : ["test/models"]);
