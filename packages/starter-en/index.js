import { fileURLToPath } from "node:url";

export default fileURLToPath(new URL("./model", import.meta.url));
