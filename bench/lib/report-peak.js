// Loaded into a measured program: on its exit it writes the most memory that the program held, in KB.
import { writeFileSync } from "node:fs";

process.once("exit", () => writeFileSync(process.env.WIRESPAN_BENCH_PEAK, String(process.resourceUsage().maxRSS)));
