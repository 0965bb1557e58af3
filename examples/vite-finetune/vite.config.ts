import roformer from "roformer/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [roformer()], // the headers that threads need
  base: "./", // the built page works in any folder of a site
  server: { fs: { allow: ["../.."] } }, // roformer is a link to the project's root here: not needed elsewhere
});
