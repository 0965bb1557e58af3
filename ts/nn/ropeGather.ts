type Fields = Readonly<Record<string, unknown>>;

/**
 * `fields` with their rotary settings in `rope_parameters`, as transformers 5 writes them. transformers 4 has them in
 * `rope_scaling` and beside it: `rope_theta`, `partial_rotary_factor` and, of LongRoPE, `original_max_position_embeddings`, which
 * then wins over the one inside. Else what is inside wins.
 */
export function gatherRope(fields: Fields): Fields {
  const { rope_scaling, rope_parameters, rope_theta, partial_rotary_factor, ...rest } = fields;
  const { original_max_position_embeddings: original, ...others } = rest;
  const inside = isEmpty(rope_scaling) ? rope_parameters : rope_scaling;
  const beside = { ...given({ rope_theta }), ...given({ partial_rotary_factor }) };
  if (inside !== undefined && inside !== null && !isObject(inside)) return { ...rest, rope_parameters: inside };
  if (isEmpty(inside) && isEmpty(beside)) return fields;
  const parameters: Fields = { ...beside, ...(inside ?? {}) };
  const type = parameters.rope_type ?? parameters.type;
  const length = given({ original_max_position_embeddings: original });
  if (type === "longrope") return { ...others, rope_parameters: { ...parameters, ...length } };
  if (type === "llama3") return { ...others, rope_parameters: { ...length, ...parameters } };
  return { ...rest, rope_parameters: parameters };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || (isObject(value) && Object.keys(value).length === 0);

/** `fields` without those that are absent. */
const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null));
