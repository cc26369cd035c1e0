const LINK = /\[([^\]]+)\]\((?!https?:|#|mailto:)([^)\s]+)\)/g
const PICTURE = /^<img src="\.[^\n]*\n/gm

/**
 * Returns a README as it is published. A package has no other files of the repository, so links to them become text with their
 * path from the root of the repository, and pictures are left out.
 */
export const publishedReadme = (text) =>
  text.replace(PICTURE, '').replace(LINK, (_, shown, target) => {
    const path = target.replace(/#.*/, '').replace(/^(\.\.?\/)+/, '')
    return path === 'README.md' || shown.includes(path) ? shown : `${shown} (\`${path}\`)`
  })
