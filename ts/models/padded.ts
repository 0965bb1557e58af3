import { ConfigError } from "../errors.js";
import { type HeadFactory, heads } from "../nn/heads/index.js";
import { checkOptions } from "../options.js";
import type { Tensor, TensorData } from "../tensor/tensor.js";
import { packStates } from "./encoderInputs.js";
import { type ModelInputs, packInputs, unpackRows } from "./inputs.js";
import type { ForwardOptions, GradientOptions, LossAndGradients } from "./interface.js";
import type { Model } from "./model.js";
import { FORWARD, GRADIENT, INPUTS } from "./options.js";
import type { ModelOutput } from "./outputs.js";
import { refuseAborted } from "./pass.js";
import { packTargets } from "./targets.js";

/** A model's outputs for padded inputs, in the padded shape: what `RoFormer.forward` documents. */
export function forward(model: Model, inputs: ModelInputs, options: ForwardOptions): ModelOutput {
  checkOptions("forward", options, FORWARD);
  refuseAborted("forward", options);
  const { outputHiddenStates = false, maskType } = options;
  const { packed, layout, targets, states } = withoutPadding("forward", inputs, model);
  const { head } = model.network;
  const unpack = (x: Tensor) => unpackRows({ data: x.read(), shape: x.shape }, layout);
  const hiddenStates: TensorData[] = [];
  const each = (x: Tensor) => outputHiddenStates && hiddenStates.push(unpack(x));
  const read = (hidden: Tensor, batch: Parameters<typeof head.forward>[1]) => {
    const outputs = Object.entries(head.forward(hidden, batch)).map(([name, { tensor, rows }]) => {
      return [name, rows === "tokens" ? unpack(tensor) : { data: tensor.read(), shape: tensor.shape }];
    });
    const loss = targets && head.loss(hidden, batch, targets).item();
    return {
      ...Object.fromEntries(outputs),
      lastHiddenState: hiddenStates.at(-1) ?? unpack(hidden),
      ...(outputHiddenStates && { hiddenStates }),
      ...(loss !== undefined && { loss }),
    } as ModelOutput;
  };
  return model.run(packed, ({ hidden, batch }) => read(hidden, batch), { maskType, states, each });
}

/** The loss of padded inputs and the gradients: what `RoFormer.valueAndGrad` documents. */
export function valueAndGrad(model: Model, inputs: ModelInputs, options: GradientOptions): LossAndGradients {
  checkOptions("valueAndGrad", options, GRADIENT);
  refuseAborted("valueAndGrad", options);
  const { packed, targets, states } = withoutPadding("valueAndGrad", inputs, model);
  if (!targets) throw new ConfigError("valueAndGrad: there are no labels, so there is no loss");
  const loss = model.lossAndGradients(packed, targets, options, states);
  const trained = model.store.parameters.filter(({ requiresGrad }) => requiresGrad);
  return { loss, gradients: new Map(trained.map((one) => [one.name, one.gradient()])) };
}

/** Padded inputs as the model takes them; `where` names the call in errors. */
function withoutPadding(where: string, inputs: ModelInputs, { head, config }: Model) {
  if (inputs) checkOptions(where, inputs, INPUTS, "input"); // without any, the shapes are what is wrong
  const { labels, choices } = heads[head] as HeadFactory;
  const { packed, layout } = packInputs(inputs, choices);
  return { packed, layout, targets: packTargets(inputs, layout, labels), states: packStates(inputs, layout.B, config) };
}
