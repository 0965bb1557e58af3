// CommonJS, where Node can require ES modules.
const { doctor, init } = require("roformer");
const { createSession } = require("roformer/session");
const { finetune } = require("roformer/train");

import("./common.mjs")
  .then(({ run }) => run({ doctor, init, finetune, createSession }))
  .then((answer) => console.log(JSON.stringify(answer)));
