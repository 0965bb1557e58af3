/** No model card: pages have no folders to save in. */
export const cardFor = async (): Promise<ReadonlyMap<string, string>> => new Map();
