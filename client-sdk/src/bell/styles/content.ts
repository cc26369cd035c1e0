import { css } from 'lit'

/** The content of an item, in the list, in toasts and in announcements: avatar, texts, image and buttons. */
export const contentStyles = css`
  .avatar {
    position: relative;
    display: grid;
    place-items: center;
    inline-size: calc(36 * var(--_px));
    block-size: calc(36 * var(--_px));
    border-radius: 50%;
    background: color-mix(in srgb, var(--_soft) 16%, var(--_surface));
    color: var(--_ink);
    font-size: calc(13 * var(--_px));
    font-weight: 600;
  }
  .avatar.square {
    border-radius: calc(10 * var(--_px));
  }
  .avatar img {
    position: absolute;
    inset: 0;
    inline-size: 100%;
    block-size: 100%;
    object-fit: cover;
    border-radius: inherit;
  }
  .avatar .count {
    position: absolute;
    inset-block-end: calc(-6 * var(--_px));
    inset-inline-end: calc(-6 * var(--_px));
    min-inline-size: calc(18 * var(--_px));
    padding-inline: calc(4 * var(--_px));
    border-radius: calc(9 * var(--_px));
    background: var(--_soft);
    color: var(--_surface);
    font-size: calc(11 * var(--_px));
    line-height: calc(18 * var(--_px));
    text-align: center;
    z-index: 1;
  }
  .text {
    min-inline-size: 0;
  }
  .title,
  .body {
    overflow-wrap: anywhere;
    text-align: -webkit-match-parent;
    text-align: match-parent;
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
    /* Room for the ellipsis of a text that does not run in the direction of the page. */
    padding-inline: 0.8em;
    margin-inline: -0.8em;
  }
  .title {
    font-size: calc(14 * var(--_px));
    line-height: calc(20 * var(--_px));
    font-weight: 500;
  }
  .alarm {
    display: inline-block;
    vertical-align: -0.15em;
    margin-inline-end: calc(5 * var(--_px));
    color: var(--_danger);
  }
  .alarm .icon {
    inline-size: calc(16 * var(--_px));
    block-size: calc(16 * var(--_px));
  }
  .cover {
    color: inherit;
    text-decoration: none;
    font: inherit;
    text-align: inherit;
    cursor: pointer;
  }
  .cover::after {
    content: '';
    position: absolute;
    inset: 0;
    border-radius: inherit;
  }
  .body {
    font-size: calc(13 * var(--_px));
    line-height: calc(20 * var(--_px));
    color: var(--_soft);
  }
  .body strong {
    color: var(--_ink);
  }
  .body code {
    font-size: 0.92em;
    padding-inline: 0.3em;
    border-radius: 0.3em;
    background: color-mix(in srgb, var(--_soft) 16%, transparent);
    color: var(--_ink);
  }
  .body a {
    position: relative;
    z-index: 1;
    color: var(--_accent);
  }
  .image {
    display: block;
    inline-size: 100%;
    max-inline-size: calc(384 * var(--_px));
    aspect-ratio: 16 / 9;
    object-fit: cover;
    margin-block: calc(8 * var(--_px));
    border-radius: var(--_inner);
  }
  .actions {
    position: relative;
    z-index: 1;
    display: flex;
    flex-wrap: wrap;
    gap: calc(8 * var(--_px));
    margin-block: calc(6 * var(--_px)) calc(2 * var(--_px));
    inline-size: fit-content;
  }
`
