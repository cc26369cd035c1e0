import { css } from 'lit'

export const itemStyles = css`
  .list {
    display: grid;
    gap: calc(2 * var(--_px));
    /* A swiped item would make the list scroll sideways. */
    overflow-x: clip;
  }
  .item {
    position: relative;
    display: grid;
    grid-template-columns: calc(36 * var(--_px)) minmax(0, 1fr);
    gap: calc(12 * var(--_px));
    padding-block: calc(11 * var(--_px) * var(--_density)) calc(8 * var(--_px) * var(--_density));
    padding-inline: calc(18 * var(--_px)) calc(12 * var(--_px));
    border-radius: calc(8 * var(--_px));
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
  .unfolded .title,
  .unfolded .body {
    display: block;
  }
  :host([density='compact']) :is(.title, .body) {
    -webkit-line-clamp: 1;
  }
  .item.member {
    margin-inline-start: calc(48 * var(--_px));
  }
  .unfold {
    position: relative;
    z-index: 1;
    display: flex;
    align-items: center;
    gap: calc(4 * var(--_px));
    min-block-size: calc(28 * var(--_px));
    margin-block-start: calc(2 * var(--_px));
    font-size: calc(13 * var(--_px));
    font-weight: 600;
    color: var(--_accent);
    border-radius: calc(var(--_inner) * 0.7);
  }
  .unfold span {
    font-weight: 500;
  }
  .unfold .icon {
    inline-size: calc(16 * var(--_px));
    block-size: calc(16 * var(--_px));
  }
  .unread .title {
    font-weight: 620;
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
  @media (pointer: coarse) {
    .unfold {
      min-block-size: calc(44 * var(--_px));
    }
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
