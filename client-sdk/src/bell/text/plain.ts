/** Controls of the Unicode bidirectional algorithm that reach beyond their own text. */
const EMBEDDINGS = /[\u202A-\u202E]/g

/** Returns the text without characters that could reorder the text around it. */
export const plain = (text: string): string => text.replace(EMBEDDINGS, '')
