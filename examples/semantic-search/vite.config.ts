import roformer from "roformer/vite";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [roformer()], // the headers that threads need
  appType: "mpa", // a file that is not there is an error 404 then: a model's folder need not have all that a model may have
  base: "./", // the built page works in any folder of a site
  server: { fs: { allow: ["../.."] } }, // roformer is a link to the project's root here: not needed elsewhere
});
