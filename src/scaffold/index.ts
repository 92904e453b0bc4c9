export { initProject, starterFiles, type InitResult } from "./init.js";
