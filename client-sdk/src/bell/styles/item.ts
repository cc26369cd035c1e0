import { css } from 'lit'

export const itemStyles = css`
  .list {
    display: grid;
    gap: calc(2 * var(--_px));
  }
  .item {
    position: relative;
    display: grid;
    grid-template-columns: calc(36 * var(--_px)) minmax(0, 1fr);
    gap: calc(12 * var(--_px));
    padding-block: calc(11 * var(--_px) * var(--_density)) calc(8 * var(--_px) * var(--_density));
    padding-inline: calc(18 * var(--_px)) calc(12 * var(--_px));
    border-radius: calc(8 * var(--_px));
    content-visibility: auto;
    contain-intrinsic-block-size: auto calc(104 * var(--_px));
  }
  .item:focus-visible {
    outline-offset: -2px;
  }
  .item:hover {
    background: var(--_hover);
  }
  .item.unread {
    background: var(--_unread);
  }
  .item.unread:hover {
    background: color-mix(in srgb, var(--_accent) 9%, var(--_surface));
  }
  .item.selected,
  .item.selected:hover {
    background: color-mix(in srgb, var(--_accent) 14%, var(--_surface));
  }
  .mark {
    position: absolute;
    inset-inline-start: calc(5 * var(--_px));
    inset-block-start: calc(11 * var(--_px) * var(--_density) + 14 * var(--_px));
  }
  .unread .mark::before {
    content: '';
    display: block;
    inline-size: calc(8 * var(--_px));
    block-size: calc(8 * var(--_px));
    border-radius: 50%;
    background: var(--_accent);
  }
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
  .pick {
    position: relative;
    z-index: 1;
    align-self: start;
    border-radius: 50%;
  }
  .item > input {
    position: relative;
    z-index: 1;
    margin: calc(9 * var(--_px));
  }
  input[type='checkbox'] {
    inline-size: calc(18 * var(--_px));
    block-size: calc(18 * var(--_px));
    accent-color: var(--_accent);
    flex: none;
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
  }
  .unfolded .title,
  .unfolded .body {
    display: block;
  }
  :host([density='compact']) :is(.title, .body) {
    -webkit-line-clamp: 1;
  }
  .title {
    font-size: calc(14 * var(--_px));
    line-height: calc(20 * var(--_px));
    font-weight: 500;
  }
  .unread .title {
    font-weight: 620;
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
    display: inline;
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
  .meta {
    display: flex;
    align-items: center;
    min-block-size: calc(28 * var(--_px));
    font-size: calc(12 * var(--_px));
    color: var(--_soft);
  }
  .facts time {
    display: inline-block;
  }
  .facts {
    flex: 1;
    min-inline-size: 0;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  .tools {
    position: relative;
    z-index: 1;
    display: flex;
    gap: calc(2 * var(--_px));
    opacity: 0;
  }
  .item:hover .tools,
  .item:focus-within .tools,
  .tools:has(.anchor) {
    opacity: 1;
  }
  .tools .tool {
    inline-size: calc(28 * var(--_px));
    block-size: calc(28 * var(--_px));
  }
  .tools .icon {
    inline-size: calc(16 * var(--_px));
    block-size: calc(16 * var(--_px));
  }
  @media (pointer: coarse), (width < 384px) {
    .tools {
      opacity: 1;
    }
    .tools .tool:not(.always) {
      display: none;
    }
    .tools .always {
      margin-block: calc(-8 * var(--_px));
    }
  }
  .failure {
    font-size: calc(12 * var(--_px));
    color: var(--_danger);
    position: relative;
    z-index: 1;
  }
`
